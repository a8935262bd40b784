"""What the healer does, one verb per file."""
