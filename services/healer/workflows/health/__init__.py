"""Workflows for the health score, its alerts and its history."""
