"""What is asked about: everything, an account, an account's day, a campaign."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

EVER = datetime(1, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
WEEK = timedelta(hours=168)
ZONES = timedelta(hours=15)
"""No local day begins or ends farther from the one in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofScope:
    """`day` is the accounts' own local day; `campaign_from` and `campaign_to` bound the campaign's attempts (business time)."""

    account: UUID | None = None
    campaign: UUID | None = None
    day: date | None = None
    campaign_from: datetime | None = None
    campaign_to: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whole chains are read, from their first link to their heads."""
        return self.day is None and self.campaign is None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Decisions from and until, wide enough to hold all that is asked about."""
        since, until = self.campaign_from or EVER, self.campaign_to or NEVER
        if self.day is not None:
            midnight = datetime.combine(self.day, time(), tzinfo=UTC)
            since, until = max(since, midnight - ZONES), min(until, midnight + timedelta(days=1) + ZONES)
        return since, until

    @property
    def context(self) -> datetime:
        """From where the rolling week must be known to judge what is asked about."""
        since, _ = self.window
        return since if since == EVER else since - WEEK - timedelta(days=1)
