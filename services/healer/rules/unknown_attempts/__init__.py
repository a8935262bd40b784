"""Pure decisions about attempts whose outcome is unknown."""
