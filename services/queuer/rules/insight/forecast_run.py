"""One account's time run forward: every action asks the real policy, and time leaps to what it answers.

Nothing is asked that is known to be closed: an answer of "wait until" holds, because a count only ever grows. What a
prospect will do is drawn once per person in the order of contact, so that two runs of the same campaign under other
rules meet the same people.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple
from uuid import UUID

from services.queuer.rules.insight.forecast_model import CampaignWork, ForecastAccount, HeldPeople, StarvedCampaign
from services.queuer.rules.planning.account_calendar import CALL, WEEK
from services.queuer.rules.planning.fairness import next_campaign, turn_after
from shared.policy import Case, SendNow, Wait, WeekUse, decide, jitter
from shared.policy.rows import planned_case
from shared.vocabulary import Action, ActionRole, ProspectStatus

NEVER: Final = datetime.max.replace(tzinfo=UTC)
NOTHING: Final = timedelta(0)
_MOST_MESSAGES: Final = 1_000


class Fate(NamedTuple):
    """What one person will do: accept after so long or never, and answer the message of that number."""

    accepted_after: timedelta | None
    answers: int


class Chance:
    """The people of one campaign on one account, in the order in which they are contacted."""

    def __init__(self, work: CampaignWork, seed: str) -> None:
        self._work = work
        self._draws = Random(seed)

    def person(self) -> Fate:
        """Three draws a person, whatever becomes of them: the next one's do not depend on it."""
        accepts, when, answers = self._draws.random(), self._draws.random(), self._draws.random()
        rates = self._work.rates
        # Evenly up to twice the mean: a longer tail would let the last of thousands decide when the campaign ends.
        accepted = rates.accepted_after * 2 * when if accepts < rates.acceptance else None
        if rates.reply <= 0:
            return Fate(accepted, _MOST_MESSAGES)
        return Fate(accepted, 1 if rates.reply >= 1 else 1 + int(math.log(1 - answers) / math.log(1 - rates.reply)))


class SimulatedLane:
    """One campaign's work on the account by one schedule, as far as it is done."""

    def __init__(self, work: CampaignWork, seed: str, begins: datetime) -> None:
        self.work = work
        self.chance = Chance(work, seed)
        self.known, self.unknown, self.looked_up = work.known, work.unknown, 0
        self.later: list[tuple[datetime, int, int, Fate]] = []
        self.unanswered: deque[datetime] = deque()
        self.number = 0
        self.closed: dict[Action, datetime] = {}
        self.held: str | None = None
        self.days: dict[date, dict[Action, int]] = {}
        self.contacted = 0
        self.last_first_contact: datetime | None = None
        self.last: datetime | None = None
        for at in work.invited:
            fate = self.chance.person()
            waited = work.withdraw_after is not None and at + work.withdraw_after <= begins
            self.await_acceptance(at, Fate(None, fate.answers) if waited else fate)
        for due, step in work.later:
            self._push(due, step, self.chance.person())

    @property
    def first_contacts(self) -> int:
        """People who were not contacted yet."""
        return self.known + self.unknown + self.looked_up

    @property
    def done(self) -> bool:
        """Whether there is nothing left to send, not even after an acceptance."""
        return not self.first_contacts and not self.later

    def await_acceptance(self, invited: datetime, fate: Fate) -> None:
        """The first message after an acceptance, if there will be one; else the withdrawal, where the campaign takes back.

        Invitations come in the order of their moments, so what waits longest stands first.
        """
        patience = self.work.withdraw_after
        if fate.accepted_after is None or (patience is not None and fate.accepted_after >= patience):
            if patience is not None:
                self.unanswered.append(invited + patience)
        elif len(self.work.delays) > 1:
            self._push(invited + fate.accepted_after + self.work.delays[1], 1, fate)

    def sent(self, step: int, at: datetime, fate: Fate) -> None:
        """A message of the sequence left: the next is due, unless it is answered."""
        messages = step if self.work.first.role is ActionRole.CONNECT else step + 1
        if step + 1 < len(self.work.delays) and messages < fate.answers:
            self._push(at + self.work.delays[step + 1], step + 1, fate)

    def next_at(self) -> datetime:
        """The first moment at which it may have something to send."""
        at = NEVER
        if self.later:
            at = max(self.later[0][0], self.closed.get(Action.MESSAGE, self.later[0][0]))
        if self.unanswered:
            at = min(at, max(self.unanswered[0], self.closed.get(Action.WITHDRAWAL, _LONG_AGO)))
        if self.known or self.looked_up:
            at = min(at, self.closed.get(self.work.first, _LONG_AGO))
        if self.unknown:
            at = min(at, max(self.closed.get(self.work.first, _LONG_AGO), self.closed.get(Action.PROFILE_LOOKUP, _LONG_AGO)))
        return at

    def _push(self, due: datetime, step: int, fate: Fate) -> None:
        self.number += 1
        heappush(self.later, (due, self.number, step, fate))


_STATUS_BEFORE: Final = {Action.MESSAGE: ProspectStatus.CONNECTED, Action.WITHDRAWAL: ProspectStatus.CONNECTION_REQUEST_SENT}
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class CampaignLanes:
    """The lanes of one campaign, which take its turn by turns, and the days on which the campaign was passed over."""

    def __init__(self, campaign_id: UUID, lanes: list[SimulatedLane]) -> None:
        self.campaign_id = campaign_id
        self.lanes = lanes
        self.worst: tuple[int, date] | None = None
        self._days = 0
        self._since: date | None = None

    def served(self, lane: SimulatedLane) -> None:
        """Another lane comes first the next time."""
        self.lanes.remove(lane)
        self.lanes.append(lane)

    def day_over(self, day: date, *, passed_over: bool) -> None:
        """Others were served on that day; was this one, though it had something to send?"""
        if any(day in lane.days for lane in self.lanes):
            self._days, self._since = 0, None
        elif passed_over:
            self._days, self._since = self._days + 1, self._since or day
            if self.worst is None or self._days > self.worst[0]:
                self.worst = self._days, self._since


class AccountRun:
    """One account from a moment on; `until` may be called again with a later one."""

    def __init__(self, account: ForecastAccount, begins: datetime) -> None:
        self.account = account
        self.begins = begins
        self.lanes = [SimulatedLane(work, f"{work.campaign_id}:{account.id}:{number}", begins) for number, work in enumerate(account.work)]
        campaigns = dict.fromkeys(work.campaign_id for work in account.work)
        self.turns = [CampaignLanes(each, [lane for lane in self.lanes if lane.work.campaign_id == each]) for each in campaigns]
        self.now = max(begins, account.next_free_at or begins)
        self.decisions = 0
        self._used = {action: dict(account.used.get(action, {})) for action in Action}
        self._week = deque(sorted(account.invitations), maxlen=account.weekly_cap)
        self._turn = account.turn
        self._by_campaign = {turns.campaign_id: turns for turns in self.turns}
        self._number = account.id.int & 0xFFFFFFFF
        self._today: date | None = None

    def until(self, ends: datetime) -> None:
        """Let its time pass, up to there or until nothing is left to do."""
        while self.now < ends:
            if not self._act():
                then = min((lane.next_at() for lane in self.lanes if lane.held is None), default=NEVER)
                self.now = min(max(then, self.now), ends)
        self._day_over()

    def _act(self) -> bool:
        """The campaign whose turn it is does one thing; the next one does when its lanes turn out to be closed."""
        eligible = {lane.work.campaign_id: lane.work.turn_length for lane in self.lanes if lane.held is None and lane.next_at() <= self.now}
        while (campaign := next_campaign(self._turn, eligible)) is not None:
            turns = self._by_campaign[campaign]
            for lane in turns.lanes:
                if lane.held is None and lane.next_at() <= self.now and self._serve(lane):
                    turns.served(lane)
                    self._turn = turn_after(self._turn, campaign, eligible[campaign])
                    return True
            del eligible[campaign]
        return False

    def _serve(self, lane: SimulatedLane) -> bool:
        """A person who was looked up comes first, then what is due longest, a message or a withdrawal, then a new person."""
        first = lane.work.first
        if lane.looked_up and self._allowed(lane, first):
            lane.looked_up -= 1
            return self._first_contact(lane)
        if (lane.later or lane.unanswered) and self._serve_due(lane):
            return True
        if lane.known and self._allowed(lane, first):
            lane.known -= 1
            return self._first_contact(lane)
        if lane.unknown and self._allowed(lane, first) and self._allowed(lane, Action.PROFILE_LOOKUP):
            lane.unknown -= 1
            lane.looked_up += 1
            return self._left(lane, Action.PROFILE_LOOKUP)
        return False

    def _serve_due(self, lane: SimulatedLane) -> bool:
        due = [(lane.later[0][0], Action.MESSAGE)] if lane.later and lane.later[0][0] <= self.now else []
        if lane.unanswered and lane.unanswered[0] <= self.now:
            due = sorted([*due, (lane.unanswered[0], Action.WITHDRAWAL)])
        for at, action in due:
            if not self._allowed(lane, action, due=at):
                continue
            if action.role is ActionRole.WITHDRAW:
                lane.unanswered.popleft()
            else:
                _, _, step, fate = heappop(lane.later)
                lane.sent(step, self.now, fate)
            return self._left(lane, action)
        return False

    def _first_contact(self, lane: SimulatedLane) -> bool:
        fate = lane.chance.person()
        lane.contacted += 1
        lane.last_first_contact = self.now
        if lane.work.first.role is ActionRole.CONNECT:
            lane.await_acceptance(self.now, fate)
        else:
            lane.sent(0, self.now, fate)
        return self._left(lane, lane.work.first)

    def _left(self, lane: SimulatedLane, action: Action) -> bool:
        today = self.now.astimezone(self.account.zone).date()
        if today != self._today:
            self._day_over()
            self._today = today
        used = self._used[action]
        used[today] = used.get(today, 0) + 1
        counts = lane.days.setdefault(today, {})
        counts[action] = counts.get(action, 0) + 1
        if action.role is ActionRole.CONNECT:
            self._week.append(self.now)
        if action.role is not ActionRole.WITHDRAW:
            lane.last = self.now  # a withdrawal is no message, and the campaign ends with its last message
        self._number += 1
        spacing = self.account.spacing
        self.now += spacing + jitter(self._number, spacing) if spacing else NOTHING
        return True

    def _allowed(self, lane: SimulatedLane, action: Action, *, due: datetime | None = None) -> bool:
        """The policy's word on this moment; what it says of later ones is remembered."""
        closed = lane.closed.get(action)
        if closed is not None and closed > self.now:
            return False
        self.decisions += 1
        decision = decide(self._case(lane, action, due or self.now), now=self.now, call_time=CALL).decision
        match decision:
            case SendNow():
                return True
            case Wait():
                lane.closed[action] = decision.until
            case _:
                lane.held = decision.reason.value
        return False

    def _case(self, lane: SimulatedLane, action: Action, due: datetime) -> Case:
        return planned_case(
            action,
            due,
            prospect_status=_STATUS_BEFORE.get(action, ProspectStatus.APPROVED),
            account_status=self.account.status,
            schedule=lane.work.schedule,
            zone=self.account.zone,
            spacing=self.account.spacing,
            daily_cap=self.account.caps[action],
            warm_up_from=self.account.warm_up_from,
            used=self._used[action],
            week=self._week_use() if action.role is ActionRole.CONNECT else None,
            cool_down_until=self.account.cool_downs.get(action),
        )

    def _week_use(self) -> WeekUse:
        cap = self.account.weekly_cap
        frees = self._week[0] + WEEK if len(self._week) >= cap else None
        return WeekUse(cap, cap, frees) if frees is not None and frees > self.now else WeekUse(min(len(self._week), cap - 1), cap)

    def _day_over(self) -> None:
        """Who had something to send on the day that ends and was passed over while others were served?"""
        day, self._today = self._today, None
        if day is None:
            return
        for turns in self.turns:
            turns.day_over(day, passed_over=any(self._had_to_wait(lane, day) for lane in turns.lanes))

    def _had_to_wait(self, lane: SimulatedLane, day: date) -> bool:
        due = lane.first_contacts or (lane.later and lane.later[0][0] <= self.now)
        return bool(due) and lane.held is None and day not in lane.days and self._was_open(lane, day)

    def _was_open(self, lane: SimulatedLane, day: date) -> bool:
        """Whether the campaign's hours came on that day at all; who rests is not starved."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self.account.zone).astimezone(UTC)
        found = lane.work.schedule.next_open(noon - timedelta(hours=12))
        return found is not None and found[0] < noon + timedelta(hours=12)


def starved(runs: Sequence[AccountRun], names: Mapping[UUID, str], *, after: int) -> list[StarvedCampaign]:
    """Campaigns that accounts passed over for so many of their sending days in a row, the longest first."""
    found = [
        StarvedCampaign(turns.campaign_id, names[turns.campaign_id], run.account.name, *turns.worst)
        for run in runs
        for turns in run.turns
        if turns.worst is not None and turns.worst[0] >= after
    ]
    return sorted(found, key=lambda each: -each.days)


def held_people(run: AccountRun, lane: SimulatedLane) -> HeldPeople | None:
    """The people who wait for something that has no time."""
    people = lane.first_contacts + len(lane.later)
    return HeldPeople(run.account.name, lane.held, people) if lane.held is not None and people else None
