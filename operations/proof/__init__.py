"""The checks of `tact prove` and `tact rebuild` on one reading of the ledger; nothing in the checks changes a row."""
