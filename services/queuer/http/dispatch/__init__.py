"""Routes that send and plan at once."""
