"""Put events into the outbox in the transaction that changes the fact; the service's relay publishes them."""

from collections.abc import Sequence

from shared.contracts.envelope import Envelope
from shared.db.pool import Connection, encode_json
from shared.db.queries import execute, load

queries = load(__file__)


async def put(connection: Connection, service: str, envelopes: Sequence[Envelope]) -> None:
    """Insert one row per envelope, in order."""
    if envelopes:
        await execute(
            connection,
            queries.insert_outbox,
            service=service,
            topics=[e.topic for e in envelopes],
            keys=[e.key for e in envelopes],
            headers=[encode_json(dict(e.headers)) for e in envelopes],
            payloads=[e.payload for e in envelopes],
        )
