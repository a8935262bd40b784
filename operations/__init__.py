"""Engines behind the `tact` commands that work on PostgreSQL and Kafka directly: replay and proof."""
