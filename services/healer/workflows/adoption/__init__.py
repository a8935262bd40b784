"""Workflows for adopting a stack after its database went back in time."""
