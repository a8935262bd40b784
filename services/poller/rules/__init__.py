"""Decisions that only the poller takes: pure functions, everything they need is an argument."""
