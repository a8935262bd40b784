"""Pure decisions of the healer."""
