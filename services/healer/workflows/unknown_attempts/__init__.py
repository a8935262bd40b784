"""Workflows for attempts whose outcome is unknown."""
