"""Unipile's routes: requests read, world asked, answers shaped."""
