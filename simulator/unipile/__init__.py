"""The outside world as a process: Unipile's documented REST API with people behind it who accept and reply."""
