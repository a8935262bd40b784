"""What the poller does, one verb a file: note what was shown, match it with our people, tell the others."""
