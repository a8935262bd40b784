"""Workflows for rows of users that break a rule: finding and repairing them."""
