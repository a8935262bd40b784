"""tact replay: a topic's events again, after an incident (docs/replay.md). Events wake, rows decide: what is so stays so."""
