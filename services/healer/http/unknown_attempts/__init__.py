"""HTTP routes for attempts whose outcome is unknown."""
