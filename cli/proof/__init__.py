"""What `tact prove` checks, each in a file of its own; nothing here changes a row."""
