"""SQL for campaigns: definition, steps, start, pause, completion."""
