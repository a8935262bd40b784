"""The rows the healer reads and writes, with their SQL beside them."""
