"""The process that every service runs in: startup and shutdown, HTTP with its error bodies, and authentication by token."""
