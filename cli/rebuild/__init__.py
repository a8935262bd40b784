"""tact rebuild: what is derived, computed anew from the ledger and the topics and compared with what stands (docs/replay.md)."""
