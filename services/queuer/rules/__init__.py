"""Pure decisions that only the queuer takes: everything is an argument, and the answer is a value."""
