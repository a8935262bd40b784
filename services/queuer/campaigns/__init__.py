"""Workspaces, their accounts, their campaigns and their tokens: every verb a person has, for HTTP and the command line alike."""
