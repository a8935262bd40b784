"""SQL for the moment a planned send becomes due and what the sender made of it."""
