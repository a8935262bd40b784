"""What the clock starts in the sender."""

from datetime import timedelta

from services.sender.workflows.seal import Sealer
from shared.runtime.jobs import Jobs


def register(jobs: Jobs, sealer: Sealer, *, every: timedelta) -> None:
    """The ledger's seals."""
    jobs.add("seal", every, sealer.round)
