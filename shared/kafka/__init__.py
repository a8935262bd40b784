"""Kafka as Tact uses it: at least once, said aloud; what makes repetition harmless is always a row in the database."""
