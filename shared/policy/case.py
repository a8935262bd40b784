"""Everything the policy may know about one send. The caller loads it; the policy itself reads no clock and no table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.calendar import Schedule, utc
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus


@dataclass(frozen=True, slots=True)
class WeekUse:
    """An account's invitations in the last 168 hours of ledger times.

    `frees_at` is the first moment at which fewer than `cap` of them are left inside the 168 hours (usually when the
    oldest leaves); None while there are fewer already.
    """

    count: int
    cap: int
    frees_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.frees_at is not None:
            object.__setattr__(self, "frees_at", utc(self.frees_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One send, and the facts about its campaign, prospect, lead and account. All moments are aware.

    `action` is what would leave next: a profile look-up until the recipient is known, then the step itself.
    `lead_last_reply_at` is the lead's last reply that concerns this enrolment, in whatever campaign it came.
    `zone` is the account's own: its day counts the caps, while `schedule` may follow the campaign's clocks.
    `next_free_at` has the spacing in it already; `spacing` is there to be shown.
    `used` counts this action by the account's local day; a planner adds what it has planned.
    `daily_cap` is the whole cap; on the days of a warm-up, counted from `warm_up_from` by the account's dates, less of it.
    `unreadable` says which of the stored hours or zones cannot be read; `schedule` and `zone` are then defaults that hold for nothing.
    `other_sequence` names the campaign whose sequence the lead is in first, where neither campaign allows two at once.
    Moments in other zones become UTC; a naive one is a ValueError.
    `week`, `relock_until` and `invited_by_hand_at` are looked at for invitations alone, `withdraw_at` for withdrawals, the
    reads of replies for messages to people who were contacted before.
    """

    action: Action
    scheduled_for: datetime
    campaign_status: CampaignStatus
    prospect_status: ProspectStatus
    account_status: AccountStatus
    schedule: Schedule
    zone: ZoneInfo
    spacing: timedelta
    daily_cap: int
    unreadable: str | None = None
    used: Mapping[date, int] = field(default_factory=dict)
    next_free_at: datetime | None = None
    warm_up_from: date | None = None  # None: an established account
    week: WeekUse | None = None
    cool_down_until: datetime | None = None
    cool_down_reason: str | None = None
    account_status_reason: str | None = None
    requires_connection: bool = False
    connected: bool | None = None  # None: not known yet
    hold_until: datetime | None = None  # out of office
    resumed_at: datetime | None = None
    lead_last_reply_at: datetime | None = None
    lead_opted_out_at: datetime | None = None
    suppressed_by: str | None = None  # which entry of the do-not-contact lists
    other_sequence: str | None = None
    relock_until: datetime | None = None
    invited_by_hand_at: datetime | None = None  # a member of the workspace invited this person in LinkedIn itself, and it stands
    withdraw_at: datetime | None = None  # when the invitation has waited long enough; None: the campaign takes none back
    replies_read_at: datetime | None = None  # the last whole read of the account's messages; None: they are not read
    replies_next_read_at: datetime | None = None

    def __post_init__(self) -> None:
        for name in _MOMENTS:
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is not UTC:
                object.__setattr__(self, name, utc(moment))  # a frozen class lets itself be completed only so

    def day(self, at: datetime) -> date:
        """The account's own day at that moment, which counts its caps."""
        return at.astimezone(self.zone).date()


_MOMENTS: Final = (
    "scheduled_for",
    "next_free_at",
    "cool_down_until",
    "hold_until",
    "resumed_at",
    "lead_last_reply_at",
    "lead_opted_out_at",
    "relock_until",
    "invited_by_hand_at",
    "withdraw_at",
    "replies_read_at",
    "replies_next_read_at",
)
