"""The healing drill: rows corrupted in ten ways around the triggers while campaigns run, and a judge who knows the truth."""
