"""What `tact status` reads: accounts, what they did lately, campaigns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.queuer.store.planning.calendars import DayUse
from shared.db.pool import Connection
from shared.db.queries import fetch_all, load
from shared.policy.limits import LimitFacts
from shared.vocabulary import AccountStatus, CampaignStatus, CampaignType

queries = load(__file__)


@dataclass(frozen=True, slots=True)
class AccountProgress(LimitFacts):
    """What an account may do, what waits, the prospect of its next send, and how people answered."""

    id: UUID
    account: str
    status: AccountStatus
    now: datetime
    zone: str
    waiting: int
    next_prospect: UUID | None
    accepted: int
    replied: int


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """A campaign in people."""

    campaign: str
    type: CampaignType
    status: CampaignStatus
    people: int
    active: int
    reached: int
    replied: int
    done: int


async def load_accounts(connection: Connection, *, most: int) -> list[AccountProgress]:
    """In order of workspace and name."""
    return await fetch_all(connection, queries.accounts, AccountProgress, most=most)


async def load_day_use(connection: Connection, account_ids: Sequence[UUID], *, now: datetime) -> list[DayUse]:
    """What these accounts did on their own days of the last week."""
    return await fetch_all(connection, queries.used_lately, DayUse, account_ids=list(account_ids), now=now)


async def load_campaigns(connection: Connection, *, most: int) -> list[CampaignProgress]:
    """In order of workspace and name."""
    return await fetch_all(connection, queries.campaigns, CampaignProgress, most=most)
