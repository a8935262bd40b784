"""Plan what comes next for prospects: the step, its words, its account and its moment.

Every event leads here with nothing but prospects' ids. What there is to plan is read from the rows under lock, so an
event that comes twice, late or out of order plans nothing twice; the sweep makes a lost one harmless.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import asyncpg
import structlog

from services.queuer import metrics
from services.queuer.rules.planning.next_send import Account, Draft, Ending, NewSend, Prospect, draft
from services.queuer.rules.planning.next_step import Nothing, Planned, Step, next_step
from services.queuer.rules.planning.rotation import Room, pick
from services.queuer.rules.planning.slots import A_LOCAL_DAY, Book, NeedsMore
from services.queuer.store.dispatch.dispatch import business_now
from services.queuer.store.planning import calendars
from services.queuer.store.planning.accounts import accounts_of_prospects, load_accounts, lock_accounts
from services.queuer.store.planning.prospects import load_prospects, load_steps, lock_prospects
from services.queuer.store.planning.rotations import Rotation, keep_credits, load_capacities, lock_rotations
from services.queuer.store.planning.sends import known_recipients, load_progress
from services.queuer.store.planning.unplanned import campaign_with_unplanned, sequences_under_way, try_lock_sweep, unplanned_prospects
from services.queuer.workflows.planning.record import record
from shared.db.pool import Connection
from shared.policy import SPACING, Case, Stop, after_stop, note_limit
from shared.policy.rows import clocks_of
from shared.vocabulary import AccountStatus, Action, CampaignStatus, SendStatus

log = structlog.get_logger()

NOBODY = UUID(int=0)
ANY_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
"""Where it is only asked whether there is a step, not when."""


class Planner:
    """Plans prospects in batches, one transaction each."""

    def __init__(self, pool: asyncpg.Pool, *, batch: int, recipients_stay_fresh: timedelta) -> None:
        self._pool = pool
        self._batch = batch
        self._fresh_for = recipients_stay_fresh
        self._swept = NOBODY
        self._got_on = False
        self._looked_at = NOBODY

    async def plan(self, prospect_ids: Sequence[UUID]) -> int:
        """Plan what these prospects need; returns how many rows that wrote. What is planned already stays as it is."""
        outcomes = await self.plan_counting(prospect_ids)
        return outcomes.total() - outcomes["not_planned"]

    async def plan_counting(self, prospect_ids: Sequence[UUID]) -> Counter[str]:
        """The same, saying of how many rows which status was written, and how many could not be planned (`not_planned`).

        Most events leave nothing to plan (an invitation that left waits for its answer). Those are told without a lock, because
        who plans holds the accounts against sender, poller and every other planner; a fact that comes after this look has an
        event of its own.
        """
        written: Counter[str] = Counter()
        ids = sorted(set(prospect_ids))
        for start in range(0, len(ids), self._batch):
            async with self._pool.acquire() as connection:
                needy = await _with_something_next(connection, ids[start : start + self._batch])
                if needy:
                    async with connection.transaction():
                        written += await self.plan_within(connection, needy)
        return written

    async def plan_within(self, connection: Connection, prospect_ids: Sequence[UUID]) -> Counter[str]:
        """Plan one batch in the caller's transaction; counts as `plan_counting`."""
        outcomes = await _plan_batch(connection, prospect_ids, fresh_for=self._fresh_for)
        for outcome, count in outcomes.items():
            metrics.PLANNED_SENDS.labels(outcome=outcome).inc(count)
        return outcomes

    async def sweep(self) -> bool:
        """Plan one batch of the next running campaign that has unplanned prospects; True when there may be more.

        Campaigns take turns, so that one with a hundred thousand prospects does not keep the others waiting.
        """
        async with self._pool.acquire() as connection:
            campaign = await campaign_with_unplanned(connection, self._swept)
            if campaign is None:
                # Round once. Campaigns that cannot be planned (an unreadable schedule) must not make this a hot loop.
                again, self._got_on, self._swept = self._got_on, False, NOBODY
                return again
            self._swept = campaign
            async with connection.transaction():
                if await try_lock_sweep(connection, campaign):  # else another queuer is just planning it
                    ids = await unplanned_prospects(connection, campaign, most=self._batch)
                    outcomes = await self.plan_within(connection, ids)
                    self._got_on |= outcomes.total() > outcomes["not_planned"]
        return True

    async def sweep_under_way(self) -> bool:
        """Plan the next step of people under way whose event was lost or became a dead letter; True when it found some.

        One batch each time, and round again from the front: its cost does not grow with the people under way.
        """
        async with self._pool.acquire() as connection:
            page = await sequences_under_way(connection, self._looked_at, most=self._batch)
        self._looked_at = page[-1].prospect_id if len(page) == self._batch else NOBODY
        found = await self.plan([sequence.prospect_id for sequence in page if sequence.idle])
        if found:
            log.info("people were waiting for a step that nobody had planned; their event was late or lost", prospects=found)
        metrics.FORGOTTEN.labels(what="follow_up").inc(found)
        return bool(found)


async def _with_something_next(connection: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Those of the prospects, as they stand, who have a step to plan or have come to their end."""
    people = await _with_a_workflow(connection, ids)
    steps, planned = await _sequences(connection, people)

    def idle(person: Prospect) -> bool:
        known = steps.get(person.workflow_id) if person.workflow_id else None
        if not known:
            return True
        return isinstance(next_step(person.status, person.connected_at, known, planned.get(person.id, {}), now=ANY_MOMENT), Nothing)

    return [person.id for person in people if not idle(person)]


async def _with_a_workflow(connection: Connection, ids: Sequence[UUID]) -> list[Prospect]:
    return [person for person in await load_prospects(connection, ids) if person.workflow_id is not None]


async def _sequences(
    connection: Connection, people: Sequence[Prospect]
) -> tuple[Mapping[UUID, list[Step]], Mapping[UUID, dict[str, Planned]]]:
    """The steps of these people's workflows, and what became of those that have a row."""
    steps = await load_steps(connection, [person.workflow_id for person in people if person.workflow_id])
    return steps, await load_progress(connection, [person.id for person in people])


async def lock_people(connection: Connection, prospect_ids: Sequence[UUID]) -> tuple[datetime, Sequence[UUID]]:
    """Lock the accounts these prospects have or may get, then the prospects; returns business time and the locked accounts."""
    accounts = await lock_accounts(connection, await accounts_of_prospects(connection, prospect_ids))
    await lock_prospects(connection, prospect_ids)
    return await business_now(connection), accounts


async def _plan_batch(connection: Connection, ids: Sequence[UUID], *, fresh_for: timedelta) -> Counter[str]:
    now, locked = await lock_people(connection, ids)
    people = await _with_a_workflow(connection, ids)
    accounts = await load_accounts(connection, locked, now=now)
    drafts = await _draft(connection, people, accounts, now=now)
    outcomes: Counter[str] = Counter()
    ended = [send for each in drafts for send in each.ended]
    endings = [each.ending for each in drafts if each.ending]
    outcomes.update(send.status.value for send in ended)
    await record(connection, ended, endings, now=now)
    wanted = await _address(connection, [each.wanted for each in drafts if each.wanted], fresh_since=now - fresh_for)
    # First steps queue up behind one another, later ones fall due around now: two books, each short. The second is
    # opened after the first is written, and so sees it.
    for sends in ([send for send in wanted if send.first], [send for send in wanted if not send.first]):
        if sends:
            placed, stopped = await place(connection, sends, accounts, now=now)
            fresh = await record(connection, placed, stopped, now=now)
            outcomes.update(send.status.value for send in placed if send.id in fresh)
            outcomes["not_planned"] += len(sends) - len(placed)
    for ending in endings:
        metrics.FINISHED_PROSPECTS.labels(outcome=ending.outcome or ending.status.value).inc()
    return outcomes


async def _draft(connection: Connection, people: Sequence[Prospect], accounts: Mapping[UUID, Account], *, now: datetime) -> list[Draft]:
    """Give accounts to those who have none and something to say to, and find the words."""
    steps, planned = await _sequences(connection, people)
    without = [person for person in people if person.account_id is None and person.workflow_id in steps]
    rotations = await lock_rotations(connection, {person.campaign_id for person in without}, list(accounts))
    rooms = await _rooms(connection, without, steps, rotations, accounts, now=now)
    drafts = []
    for person in people:
        if person.workflow_id is None or person.workflow_id not in steps:
            continue
        words = partial(draft, person, steps=steps[person.workflow_id], planned=planned.get(person.id, {}), now=now)
        if person.account_id is None:
            room = rooms.get(steps[person.workflow_id][0].action, {})
            drafts += _choose(rotations[person.campaign_id], room, accounts, words)
        elif person.account_id in accounts:  # else it came after the locks were taken: the next sweep finds them
            drafts.append(words(accounts[person.account_id]))
    await keep_credits(connection, rotations)
    return drafts


def _choose(
    rotation: Rotation, room: Mapping[UUID, Room], accounts: Mapping[UUID, Account], words: Callable[[Account], Draft]
) -> list[Draft]:
    """The account whose turn it is, and the words from it; nothing for a campaign without accounts.

    A note too long for that account goes to one that may say more, where there is one that can act.
    """
    candidates, found = rotation.candidates, None
    while chosen := pick(candidates, rotation.balances, room):
        account, balances = accounts[chosen[0]], chosen[1]
        found = words(account)
        limit = note_limit(account.account_type)
        candidates = [each for each in candidates if each.usable and note_limit(accounts[each.account_id].account_type) > limit]
        if found.wanted or not candidates:
            break
    if found is None:
        return []
    if found.wanted or found.ended:
        rotation.give(balances)
    if found.wanted:
        room[account.id].take()
    return [found]


async def _rooms(
    connection: Connection,
    people: Sequence[Prospect],
    steps: Mapping[UUID, Sequence[Step]],
    rotations: Mapping[UUID, Rotation],
    accounts: Mapping[UUID, Account],
    *,
    now: datetime,
) -> Mapping[Action, Mapping[UUID, Room]]:
    """What the accounts that may be chosen may still do of these people's first steps; one statement for the whole batch."""
    wanted: set[tuple[UUID, Action]] = set()
    for campaign_id, workflow_id in {(p.campaign_id, p.workflow_id) for p in people if p.workflow_id}:
        wanted |= {(candidate.account_id, steps[workflow_id][0].action) for candidate in rotations[campaign_id].candidates}
    return await load_capacities(connection, wanted, accounts, now=now) if wanted else {}


async def _address(connection: Connection, sends: Sequence[NewSend], *, fresh_since: datetime) -> list[NewSend]:
    """Say whom each send goes to, or that this must be looked up first: a paced action of its own.

    A classic id that came with the import is used as it is; any other id or a vanity name may be somebody else to
    another account.
    """
    pairs = [(send.account_id, send.prospect.lead_id) for send in sends]
    known = await known_recipients(connection, pairs, fresh_since=fresh_since)
    addressed = []
    for send, pair in zip(sends, pairs, strict=True):
        recipient = known.get(pair) or send.prospect.linkedin_id
        next_action = send.step.action if recipient else Action.PROFILE_LOOKUP
        addressed.append(replace(send, recipient=recipient, next_action=next_action))
    return addressed


async def place(
    connection: Connection, sends: Sequence[NewSend], accounts: Mapping[UUID, Account], *, now: datetime
) -> tuple[list[NewSend], list[Ending]]:
    """Give each send its moment; those whom a rule ends get a row that says so."""
    cases = {send.id: case for send in sends if (case := _case(send, accounts[send.account_id])) is not None}
    readable = [send for send in sends if send.id in cases]
    ends = await _ends(connection, readable, cases)
    ordered = sorted(((_earliest(send, _queue(send, cases[send.id]), ends), send) for send in readable), key=lambda each: each[0])
    books = await _open_books(connection, ordered, accounts, now=now)
    placed: list[NewSend] = []
    stopped: list[Ending] = []
    for earliest, send in ordered:
        book, case = books[send.account_id], cases[send.id]
        queue = _queue(send, case)
        start = max(earliest, book.end_of(send.step.action, queue) or earliest) if send.first else earliest
        while isinstance(slot := book.place(case, send.id, earliest=start, look_up=send.look_up, queue=queue), NeedsMore):
            await calendars.fill(connection, books, until={send.account_id: slot.until})
        if isinstance(slot, Stop):
            placed.append(replace(send, status=SendStatus.SKIPPED, reason=slot.reason))
            prospect = send.prospect
            move = after_stop(slot.reason, send.step.action, prospect.status, contacted=prospect.contacted_at is not None)
            if move is not None:
                stopped.append(Ending(prospect, move.status, move.outcome, slot.reason))
        else:
            # A hold means that the schedule has no opening for more than a year: the sender holds its lane and says so.
            placed.append(replace(send, scheduled_for=slot if isinstance(slot, datetime) else start))
    return placed, stopped


async def _open_books(
    connection: Connection, ordered: Sequence[tuple[datetime, NewSend]], accounts: Mapping[UUID, Account], *, now: datetime
) -> dict[UUID, Book]:
    books: dict[UUID, Book] = {}
    for earliest, send in ordered:
        if send.account_id not in books:
            books[send.account_id] = calendars.open_book(accounts[send.account_id], since=earliest, until=earliest + A_LOCAL_DAY)
    await calendars.fill(connection, books)
    await calendars.count(connection, books, now=now)
    return books


async def _ends(
    connection: Connection, sends: Sequence[NewSend], cases: Mapping[UUID, Case]
) -> Mapping[tuple[UUID, Action, str | None], datetime]:
    """Where each line of first steps ends."""
    lines = {(send.account_id, send.step.action, _queue(send, cases[send.id])) for send in sends if send.first}
    whole = await calendars.ends_of_queues(connection, [(account_id, action) for account_id, action, queue in lines if queue is None])
    zones = [(account_id, action, queue) for account_id, action, queue in lines if queue is not None]
    by_zone = await calendars.ends_of_zones(connection, zones) if zones else {}
    return {**{(account_id, action, None): end for (account_id, action), end in whole.items()}, **by_zone}


def _queue(send: NewSend, case: Case) -> str | None:
    """The zone whose sends stand behind one another, where hours follow the prospect; None where they do not."""
    return None if case.schedule.everybodys is case.schedule else send.prospect.timezone or ""


def _earliest(send: NewSend, queue: str | None, ends: Mapping[tuple[UUID, Action, str | None], datetime]) -> datetime:
    """First steps stand behind those that are planned already: every earlier moment was given away when they were."""
    return max(send.due, ends.get((send.account_id, send.step.action, queue), send.due)) if send.first else send.due


def _case(send: NewSend, account: Account) -> Case | None:
    """The policy's view of a send that is only being planned.

    The plan asks when, the sender asks whether: campaign and account count as running here, because what concerns
    them closes lanes and never moves rows; a connection, and whether another sequence is over, are for the moment of
    sending to show. None when the
    schedule cannot be read: nothing may be planned by hours nobody meant.
    """
    prospect = send.prospect
    clocks = clocks_of(
        {
            "campaign_schedule": prospect.campaign_schedule,
            "account_schedule": account.schedule,
            "workspace_schedule": prospect.workspace_schedule,
            "timezone": account.timezone,
            "country": account.country,
            "prospect_timezone": prospect.timezone,
        }
    )
    if clocks.unreadable is not None:
        log.warning("cannot plan: the hours cannot be read", campaign=prospect.campaign_id, account=account.id, error=clocks.unreadable)
        return None
    return Case(
        action=send.step.action,
        scheduled_for=send.due,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=prospect.status,
        account_status=AccountStatus.USABLE,
        schedule=clocks.schedule,
        zone=clocks.zone,
        spacing=SPACING,
        daily_cap=1,  # the account's book knows the caps
        warm_up_from=account.warm_up_from,
        next_free_at=account.next_free_at,
        hold_until=prospect.hold_until,
        resumed_at=prospect.resumed_at,
        lead_last_reply_at=prospect.last_reply_at,
        lead_opted_out_at=prospect.opted_out_at,
        suppressed_by=prospect.suppressed_by,
        invited_by_hand_at=prospect.invited_by_hand_at,
        withdraw_at=send.due if send.step.action is Action.WITHDRAWAL else None,
    )
