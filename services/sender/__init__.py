"""May this message leave now; if so it leaves once. Owns the ledger of attempts and the account's limits."""
