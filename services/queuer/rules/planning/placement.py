"""Give sends their moments: each account's time in order, by the rules of the policy."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.queuer.rules.planning.account_calendar import AccountCalendar, CalendarFacts, NotLoaded
from services.queuer.rules.planning.next_send import NewSend, PlanningAccount, ProspectEnding, ProspectToPlan
from services.queuer.rules.planning.plan_input import PlanInput
from shared.policy import Case, Stop, after_stop
from shared.policy.rows import Clocks, planned_case, read_clocks
from shared.vocabulary import SendStatus


@dataclass(frozen=True, slots=True)
class UnreadableHours:
    """Stored hours that cannot be read, so that nothing may be planned by them."""

    campaign_id: UUID
    account_id: UUID
    error: str


@dataclass(slots=True)
class Placement:
    """The sends that got a moment or were ended by a rule, and what kept others from it."""

    sends: list[NewSend] = field(default_factory=list)
    stopped: list[ProspectEnding] = field(default_factory=list)
    unreadable: list[UnreadableHours] = field(default_factory=list)
    not_loaded: dict[UUID, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _QueuedSend:
    send: NewSend
    case: Case
    zone: str | None
    earliest: datetime


def place_sends(sends: Sequence[NewSend], facts: PlanInput) -> Placement:
    """Place first steps behind those that are planned already, then later steps where they fall due.

    `not_loaded` names the accounts whose search left the loaded calendar; the placement is then incomplete.
    """
    placement = Placement()
    calendars: dict[UUID, AccountCalendar] = {}
    for group in ([send for send in sends if send.first], [send for send in sends if not send.first]):
        for queued in sorted(_readable(group, facts, placement), key=lambda each: each.earliest):
            account_id = queued.send.account_id
            if account_id in placement.not_loaded:
                continue  # its calendar is read again before anything of this is kept
            if account_id not in calendars:
                stored = facts.calendars.get(account_id, CalendarFacts())
                calendars[account_id] = AccountCalendar.build(facts.accounts[account_id], stored, now=facts.now)
            _place(queued, calendars[account_id], placement)
    return placement


def queue_zone(prospect: ProspectToPlan, account: PlanningAccount) -> str | None:
    """The zone whose first steps are queued together, where hours follow the prospect; None where they do not."""
    return _zone(prospect, _clocks(prospect, account))


def _readable(sends: Sequence[NewSend], facts: PlanInput, placement: Placement) -> list[_QueuedSend]:
    found = []
    for send in sends:
        account = facts.accounts[send.account_id]
        clocks = _clocks(send.prospect, account)
        if clocks.unreadable is not None:
            placement.unreadable.append(UnreadableHours(send.prospect.campaign_id, account.id, clocks.unreadable))
            continue
        zone = _zone(send.prospect, clocks)
        # First steps are queued behind those that are planned already: every earlier moment was given away when they were.
        end = facts.queue_ends.get((send.account_id, send.step.action, zone)) if send.first else None
        found.append(_QueuedSend(send, _case(send, account, clocks), zone, max(send.due, end or send.due)))
    return found


def _place(queued: _QueuedSend, calendar: AccountCalendar, placement: Placement) -> None:
    send, start = queued.send, queued.earliest
    if send.first:
        start = max(start, calendar.end_of_queue(send.step.action, queued.zone) or start)
    slot = calendar.place(queued.case, send.id, earliest=start, look_up=send.look_up, zone=queued.zone)
    if isinstance(slot, NotLoaded):
        placement.not_loaded[send.account_id] = slot.at
    elif isinstance(slot, Stop):
        placement.sends.append(replace(send, status=SendStatus.SKIPPED, reason=slot.reason))
        prospect = send.prospect
        move = after_stop(slot.reason, send.step.action, prospect.status, contacted=prospect.contacted_at is not None)
        if move is not None:
            placement.stopped.append(ProspectEnding(prospect, move.status, move.outcome, slot.reason))
    else:
        # A hold means that the schedule has no opening for more than a year: the sender holds the lane and gives the reason.
        placement.sends.append(replace(send, scheduled_for=slot if isinstance(slot, datetime) else start))


def _zone(prospect: ProspectToPlan, clocks: Clocks) -> str | None:
    return None if clocks.schedule.without_prospect is clocks.schedule else prospect.timezone or ""


def _clocks(prospect: ProspectToPlan, account: PlanningAccount) -> Clocks:
    levels = (prospect.campaign_schedule, account.schedule, prospect.workspace_schedule)
    return read_clocks(levels, account.timezone, account.country, prospect.timezone)


def _case(send: NewSend, account: PlanningAccount, clocks: Clocks) -> Case:
    prospect = send.prospect
    return planned_case(
        send.step.action,
        send.due,
        prospect_status=prospect.status,
        schedule=clocks.schedule,
        zone=clocks.zone,
        daily_cap=1,  # the account's calendar knows the caps
        warm_up_from=account.warm_up_from,
        next_free_at=account.next_free_at,
        hold_until=prospect.hold_until,
        resumed_at=prospect.resumed_at,
        last_reply_at=prospect.last_reply_at,
        opted_out_at=prospect.opted_out_at,
        suppressed_by=prospect.suppressed_by,
        invited_by_hand_at=prospect.invited_by_hand_at,
    )
