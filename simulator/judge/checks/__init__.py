"""One file per question the judge asks of every call."""
