"""SQL for attempts whose outcome is unknown."""
