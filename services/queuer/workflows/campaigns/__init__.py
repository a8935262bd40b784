"""Workflows for campaigns: definition, steps, start, pause, completion."""
