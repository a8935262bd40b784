"""Pure decisions about the health score, its alerts and its history."""
