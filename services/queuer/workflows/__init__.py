"""The queuer's stories: load, decide, act, record."""
