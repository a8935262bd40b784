"""Workflows for which step, words, account and moment a prospect gets next."""
