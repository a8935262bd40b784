"""The seals of the ledger: what of an attempt is sealed, how links hang together, and what may change afterwards (docs/adr/0024)."""
