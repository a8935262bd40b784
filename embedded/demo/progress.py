"""What the demo, the drill and the chaos run ask of the tables while they run: progress, what is in hand, the ledger for the judge."""

from shared.db.queries import load

queries = load(__file__)
