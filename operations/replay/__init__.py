"""Replay a topic's events after an incident (docs/replay.md): consumers read the rows again, so that nothing that is done happens twice."""
