"""The poller's SQL, one aggregate per pair of files."""
