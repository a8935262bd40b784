"""Pure decisions about campaigns: definition, steps, start, pause, completion."""
