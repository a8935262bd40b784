"""queuer: who gets which message, from which account, and when."""
