"""What the services say to one another: topics, messages, the envelope, and which service answers which path."""
