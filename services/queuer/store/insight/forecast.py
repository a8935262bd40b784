"""What a forecast starts from: one campaign, its accounts, and everything else these accounts have to do. Only reads."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.queuer.rules.insight.forecast_model import Member, Question, Rates, Work
from services.queuer.rules.planning.fairness import CampaignTurn
from services.queuer.rules.planning.rotation import Capacity, dealt, share_out
from services.queuer.store.planning.accounts import load_accounts
from services.queuer.store.planning.rotations import load_capacities
from shared.calendar import Schedule, ScheduleError, spans
from shared.db.pool import Connection
from shared.db.queries import load
from shared.policy import SPACING, caps_of, weekly_invitations
from shared.policy.rows import schedule_of, zone_of
from shared.vocabulary import AccountStatus, AccountType, Action, CampaignStatus, CampaignType

queries = load(__file__)

ENOUGH: Final = 50
"""So many people must have had two weeks to answer before their answers count for more than our assumptions."""
ENOUGH_CONNECTED: Final = 30

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Asked:
    """The campaign a forecast is asked for."""

    id: UUID
    campaign_name: str
    campaign_type: CampaignType
    status: CampaignStatus
    workspace_active: bool
    now: datetime
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A campaign's steps: what the first one is, and the wait before each."""

    first: Action
    delays: tuple[timedelta, ...]


async def campaign(connection: Connection, campaign_id: UUID, *, workspace_id: UUID | None) -> Asked | None:
    """The campaign, when there is one and it is the asker's."""
    row = await queries.campaign(connection, campaign_id=campaign_id, workspace_id=workspace_id)
    if row is None:
        return None
    return Asked(
        row["id"],
        row["campaign_name"],
        CampaignType(row["campaign_type"]),
        CampaignStatus(row["status"]),
        row["workspace_active"],
        row["now"],
        row,
    )


async def question(connection: Connection, asked: Asked, *, days: int) -> Question:
    """Everything the forecast needs, read in one transaction.

    Raises:
        ScheduleError: the stored hours that hold for the campaign on one of its accounts cannot be read.
    """
    accounts = [row async for row in queries.members(connection, campaign_id=asked.id, now=asked.now)]
    ids = [row["id"] for row in accounts]
    rivals = [row async for row in queries.rivals(connection, campaign_id=asked.id, account_ids=ids)]
    campaigns = {row["id"]: row for row in (asked.row, *rivals)}
    shapes = await _shapes(connection, list(campaigns))
    work = await _work(connection, shapes, ids, now=asked.now)
    rates = await _rates(connection, shapes, now=asked.now)
    past = await _past(connection, accounts, now=asked.now)
    members = []
    for row in accounts:
        own: list[Work] = []
        for campaign_id, shape in shapes.items():
            by_zone = work.get((campaign_id, row["id"]), {None: _Amount()} if campaign_id == asked.id else {})
            try:
                by_schedule = _merged(by_zone, campaigns[campaign_id], row, asked.row["workspace_schedule"])
            except ScheduleError as error:
                if campaign_id == asked.id:
                    raise ScheduleError(f"the account {row['name']!r}: {error}") from None
                continue  # by hours that nobody can read nothing of it leaves, and it takes nobody's time
            own += [_of(campaigns[campaign_id], schedule, shape, rates[campaign_id], amount) for schedule, amount in by_schedule.items()]
        members.append(_member(row, past[row["id"]], tuple(own)))
    names = {campaign_id: row["campaign_name"] for campaign_id, row in campaigns.items()}
    return Question(campaign_id=asked.id, now=asked.now, days=days, members=tuple(members), names=names)


async def _shapes(connection: Connection, campaign_ids: Sequence[UUID]) -> dict[UUID, _Shape]:
    steps: dict[UUID, list[tuple[Action, timedelta]]] = {}
    async for row in queries.steps(connection, campaign_ids=campaign_ids):
        steps.setdefault(row["campaign_id"], []).append((Action(row["action"]), row["delay"]))
    return {campaign_id: _Shape(found[0][0], tuple(delay for _, delay in found)) for campaign_id, found in steps.items()}


@dataclass(slots=True)
class _Amount:
    known: int = 0
    unknown: int = 0
    invited: list[datetime] = field(default_factory=list)
    later: list[tuple[datetime, int]] = field(default_factory=list)

    def add(self, other: "_Amount") -> None:
        """People of another zone whose hours are the same."""
        self.known += other.known
        self.unknown += other.unknown
        self.invited += other.invited
        self.later += other.later


async def _work(
    connection: Connection, shapes: Mapping[UUID, _Shape], account_ids: Sequence[UUID], *, now: datetime
) -> dict[Pair, dict[str | None, _Amount]]:
    """What each campaign has to do on each account, by the zones of its people."""
    found: defaultdict[Pair, defaultdict[str | None, _Amount]] = defaultdict(lambda: defaultdict(_Amount))
    both = {"campaign_ids": list(shapes), "account_ids": list(account_ids)}
    async for row in queries.first_messages(connection, **both):
        _add(found[row["campaign_id"], row["account_id"]][row["timezone"]], row["people"], look_up=row["look_up"])
    async for row in queries.later_messages(connection, **both):
        found[row["campaign_id"], row["account_id"]][row["timezone"]].later.append((row["scheduled_for"], row["step_position"] - 1))
    async for row in queries.invited(connection, **both, now=now):
        found[row["campaign_id"], row["account_id"]][row["timezone"]].invited.append(row["contacted_at"])
    new: dict[UUID, list[Mapping[str, Any]]] = {}
    async for row in queries.unplanned(connection, campaign_ids=list(shapes)):
        new.setdefault(row["campaign_id"], []).append(row)
    rooms = await _rooms(connection, {campaign_id: shapes[campaign_id].first for campaign_id in new}, now=now)
    for campaign_id, room in rooms.items():
        parts = [row["people"] for row in new[campaign_id]]
        shared = share_out(sum(parts), room)
        for row, counts in zip(new[campaign_id], dealt(parts, list(shared.values())), strict=True):
            for account_id, some in zip(shared, counts, strict=True):
                if some:
                    _add(found[campaign_id, account_id][row["timezone"]], some, look_up=row["look_up"])
    return {pair: dict(by_zone) for pair, by_zone in found.items()}


async def _rooms(connection: Connection, firsts: Mapping[UUID, Action], *, now: datetime) -> dict[UUID, dict[UUID, Capacity]]:
    """What the accounts among whom each campaign shares its new people may still do of its first step, as the planner asks.

    Two campaigns of one account each see it as it is now: which of them will be planned first, nobody knows.
    """
    seats: dict[UUID, list[tuple[UUID, bool]]] = {}
    async for row in queries.seats(connection, campaign_ids=list(firsts)):
        seats.setdefault(row["campaign_id"], []).append((row["account_id"], row["usable"]))
    accounts = await load_accounts(connection, {account_id for sitting in seats.values() for account_id, _ in sitting}, now=now)
    takers = {}
    for campaign_id, sitting in seats.items():
        able = [(account_id, usable) for account_id, usable in sitting if account_id in accounts]
        takers[campaign_id] = [account_id for account_id, usable in able if usable] or [account_id for account_id, _ in able]
    wanted = {(account_id, firsts[campaign_id]) for campaign_id, found in takers.items() for account_id in found}
    rooms = await load_capacities(connection, wanted, accounts, now=now)
    return {
        campaign_id: {account_id: replace(rooms[firsts[campaign_id]][account_id]) for account_id in found}
        for campaign_id, found in takers.items()
    }


def _merged(
    by_zone: Mapping[str | None, _Amount], campaign: Mapping[str, Any], account: Mapping[str, Any], workspace: str
) -> dict[Schedule, _Amount]:
    """One amount for each schedule: all of them share one, unless the hours follow the prospect."""
    found: dict[Schedule, _Amount] = {}
    for zone, amount in by_zone.items():
        found.setdefault(_schedule(campaign, account, workspace, zone), _Amount()).add(amount)
    return found


def _add(amount: _Amount, people: int, *, look_up: bool) -> None:
    if look_up:
        amount.unknown += people
    else:
        amount.known += people


async def _rates(connection: Connection, shapes: Mapping[UUID, _Shape], *, now: datetime) -> dict[UUID, Rates]:
    """Measured where enough people had time to answer, else assumed."""
    found = dict.fromkeys(shapes, Rates())
    async for row in queries.answers(connection, campaign_ids=list(shapes), now=now):
        if row["contacted"] < ENOUGH:
            continue
        assumed = Rates()
        shape = shapes[row["campaign_id"]]
        messages = max(1, len(shape.delays) - (shape.first is Action.INVITATION))
        replied = row["replied"] / row["connected"] if row["connected"] >= ENOUGH_CONNECTED else None
        found[row["campaign_id"]] = Rates(
            acceptance=row["connected"] / row["contacted"],
            # Of those who were reached so many answered one of the messages; the same chance for each of them.
            reply=assumed.reply if replied is None else 1 - (1 - replied) ** (1 / messages),
            accepted_after=row["accepted_after"] or assumed.accepted_after,
            contacted=row["contacted"],
        )
    return found


@dataclass(slots=True)
class _Past:
    used: dict[Action, dict[date, int]]
    invitations: list[datetime]
    cool_downs: dict[Action, datetime]


async def _past(connection: Connection, accounts: Sequence[Mapping[str, Any]], *, now: datetime) -> dict[UUID, _Past]:
    """What each account has done in the days that still count."""
    past = {row["id"]: _Past({}, [], {}) for row in accounts}
    ids = list(past)
    async for row in queries.usage(connection, account_ids=ids, now=now):
        past[row["account_id"]].used.setdefault(Action(row["action"]), {})[row["local_date"]] = row["used"]
    async for row in queries.invitations_sent(connection, account_ids=ids, now=now):
        past[row["account_id"]].invitations.append(row["sent_at"])
    async for row in queries.cool_downs(connection, account_ids=ids, now=now):
        past[row["account_id"]].cool_downs[Action(row["action"])] = row["until"]
    for row in accounts:
        each = past[row["id"]]
        each.invitations += _unseen(each, zone_of(row["timezone"]), now)
    return past


def _unseen(past: _Past, zone: ZoneInfo, now: datetime) -> list[datetime]:
    """Invitations that are counted and that no send of ours explains: as late on their day as can be, which errs on the safe side."""
    seen = Counter(at.astimezone(zone).date() for at in past.invitations)
    unseen = []
    for day, used in past.used.get(Action.INVITATION, {}).items():
        ends = min(max((end for _, end in spans(zone, day)), default=now), now)
        if ends > now - timedelta(hours=168):
            unseen += [ends] * max(0, used - seen[day])
    return unseen


def _schedule(campaign: Mapping[str, Any], account: Mapping[str, Any], workspace: str, prospect_zone: str | None) -> Schedule:
    levels = (campaign["schedule"], account["schedule"], workspace)
    return schedule_of(levels, account["timezone"], account["country"], prospect_zone)


def _of(campaign: Mapping[str, Any], schedule: Schedule, shape: _Shape, rates: Rates, amount: _Amount) -> Work:
    days = campaign["withdraw_after_days"]
    return Work(
        campaign_id=campaign["id"],
        turn_length=campaign["turn_length"],
        withdraw_after=None if days is None else timedelta(days=days),
        schedule=schedule,
        first=shape.first,
        delays=shape.delays,
        rates=rates,
        known=amount.known,
        unknown=amount.unknown,
        invited=tuple(amount.invited),
        later=tuple(amount.later),
    )


def _member(row: Mapping[str, Any], past: _Past, work: tuple[Work, ...]) -> Member:
    return Member(
        id=row["id"],
        name=row["name"],
        account_type=AccountType(row["account_type"]),
        zone=zone_of(row["timezone"]),
        status=AccountStatus(row["status"]),
        status_reason=row["status_reason"],
        caps=dict(caps_of(row)),
        weekly_cap=weekly_invitations(row["weekly_limit"], tier=row["tier"]),
        spacing=SPACING,
        warm_up_from=row["warm_up_from"],
        exception=row["cr_exception"],
        next_free_at=row["next_free_at"],
        used=past.used,
        invitations=tuple(past.invitations),
        cool_downs=past.cool_downs,
        work=work,
        turn=CampaignTurn(row["turn_of"], row["turn_left"]),
    )
