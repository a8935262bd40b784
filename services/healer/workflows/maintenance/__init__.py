"""Workflows for what dead processes left behind, and histories that have expired."""
