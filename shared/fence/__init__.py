"""The fence: does this database still belong to this Kafka, or has one of them gone back in time (docs/adr/0023)?

`rules` decide, `heads` follows the topic, `store` reads and writes the row, `fence` is what a process asks and what keeps
the heads coming.
"""
