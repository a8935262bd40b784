"""People as the lists name them, and what is written to them: identifiers and templates."""
