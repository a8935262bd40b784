"""Two ways in which the policy is asked in life: by the planner's calendar ahead of time, and by the sender moment by moment."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from services.queuer.rules.planning.account_calendar import AccountCalendar
from shared.policy import Case, Scope, SendNow, Wait, WeekUse, decide, jitter
from shared.vocabulary import AccountStatus, Action, CampaignStatus, ProspectStatus
from tests.model.accounts import CALL, Simulated
from tests.model.checker import Sent

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
WEEK: Final = timedelta(hours=168)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
ASKED_EARLY: Final = 0.15
"""How often the sender asks before it was told to come back; nothing may leave for that."""


@dataclass(slots=True)
class Item:
    """Something that wants to leave."""

    due: datetime
    hold_until: datetime | None = None
    withdrawn: datetime | None = None


def micros(at: datetime) -> int:
    """Whole microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


class AsSender:
    """An account's time as the sender lives it: whatever is due is asked about, leaves at once or is told when to come back."""

    def __init__(self, account: Simulated) -> None:
        self.account = account
        self.chance = account.chance
        self.sends: list[Sent] = []
        self.used: dict[Action, dict[date, int]] = {action: {} for action in Action}
        self.invited: list[datetime] = []
        self.next_free: datetime | None = None
        self.items = {action: self._next(action, account.begins) for action in Action}
        self.closed = dict.fromkeys(Action, account.begins)

    def run(self) -> list[Sent]:
        """Live through its days."""
        now = self.account.begins
        while now < self.account.ends:
            early = self.chance.random() < ASKED_EARLY
            actions = [action for action in Action if early or max(self.items[action].due, self.closed[action]) <= now]
            self.chance.shuffle(actions)
            for action in actions:
                if self._ask(action, now):
                    break
            now = self._later(now)
        return self.sends

    def _ask(self, action: Action, now: datetime) -> bool:
        item = self.items[action]
        decision = decide(self._case(action, item, now), now=now, call_time=CALL).decision
        match decision:
            case SendNow(valid_until):
                self._leave(action, item, now, valid_until)
                return True
            case Wait(until, _, Scope.SEND):
                item.due = max(item.due, until)
            case Wait(until, _, Scope.ACCOUNT):
                self.next_free = max(until, self.next_free or until)
            case Wait(until):
                self.closed[action] = until
            case _:
                self.closed[action] = NEVER
        return False

    def _leave(self, action: Action, item: Item, now: datetime, valid_until: datetime) -> None:
        begun = min(now + self.chance.random() * timedelta(seconds=5), valid_until)
        answered = begun + self.chance.random() * CALL
        not_before = max(item.due, item.hold_until or item.due)
        self.sends.append(
            Sent(micros(now), action.value, micros(begun), micros(not_before), micros(item.withdrawn) if item.withdrawn else None)
        )
        today = now.astimezone(self.account.zone).date()
        self.used[action][today] = self.used[action].get(today, 0) + 1
        if action is Action.INVITATION:
            self.invited.append(now)
        self.next_free = answered + self.account.spacing + jitter(f"{self.account.number}:{len(self.sends)}", self.account.spacing)
        self.items[action] = self._next(action, now)

    def _later(self, now: datetime) -> datetime:
        """To the first moment at which anything may be due; sometimes only part of the way."""
        then = min(max(self.items[action].due, self.closed[action]) for action in Action)
        then = max(then, self.next_free or then, now + MICROSECOND)
        if then != NEVER and self.chance.random() < ASKED_EARLY:
            return now + (then - now) * self.chance.random()
        return then

    def _next(self, action: Action, now: datetime) -> Item:
        """The next of its kind: waiting already, or soon, or for a day far off."""
        wait = timedelta(0) if self.chance.random() < 0.7 else self.chance.random() * timedelta(days=3)
        item = Item(now + wait)
        if action is Action.INVITATION and self.chance.random() < 0.1:
            item.withdrawn = now - self.chance.random() * timedelta(days=30)
        if action is Action.MESSAGE and self.chance.random() < 0.1:
            item.hold_until = now + self.chance.random() * timedelta(days=10)
        return item

    def _case(self, action: Action, item: Item, now: datetime) -> Case:
        at = micros(now)
        rests = [until for each, since, until in self.account.facts.closed if each == action and since <= at < until]
        return Case(
            action=action,
            scheduled_for=item.due,
            campaign_status=CampaignStatus.RUNNING,
            prospect_status=ProspectStatus.CONNECTED if action is Action.MESSAGE else ProspectStatus.APPROVED,
            account_status=AccountStatus.USABLE,
            schedule=self.account.schedule,
            zone=self.account.zone,
            spacing=self.account.spacing,
            daily_cap=self.account.caps[action],
            warm_up_from=self.account.warm_up_from,
            used=self.used[action],
            next_free_at=self.next_free,
            week=self._week(now) if action is Action.INVITATION else None,
            cool_down_until=EPOCH + max(rests) * MICROSECOND if rests else None,
            hold_until=item.hold_until,
            relock_until=item.withdrawn + timedelta(days=21) if item.withdrawn else None,
        )

    def _week(self, now: datetime) -> WeekUse:
        cap = self.account.week
        recent = [at for at in self.invited[-cap:] if at > now - WEEK]
        return WeekUse(len(recent), cap, recent[0] + WEEK if len(recent) >= cap else None)


def as_planner(account: Simulated) -> list[Sent]:
    """An account's time given out ahead, as the planner does: first steps behind one another, later ones where they fall due."""
    chance, ends = account.chance, account.ends
    calendar = AccountCalendar(
        account.zone, account.spacing, account.caps, account.week, [(account.begins - timedelta(days=2), ends + timedelta(days=800))]
    )
    calendar.set_invitations(())
    sends: list[Sent] = []
    number, at = 0, account.begins
    while True:
        number += 1
        at = max(at, calendar.last.get(Action.INVITATION, at)) + (
            chance.random() * timedelta(days=2) if chance.random() < 0.2 else timedelta(0)
        )
        slot = _place(account, calendar, Action.INVITATION, number, due=at, sends=sends)
        if slot is None or slot >= ends:
            return sends
        for action in (Action.MESSAGE, Action.EMAIL):
            if chance.random() < 0.5:
                number += 1
                _place(account, calendar, action, number, due=slot + chance.random() * timedelta(days=6), sends=sends)


def _place(
    account: Simulated, calendar: AccountCalendar, action: Action, number: int, *, due: datetime, sends: list[Sent]
) -> datetime | None:
    held = due + account.chance.random() * timedelta(days=5) if account.chance.random() < 0.05 else None
    case = Case(
        action=action,
        scheduled_for=due,
        campaign_status=CampaignStatus.RUNNING,
        prospect_status=ProspectStatus.APPROVED if action is Action.INVITATION else ProspectStatus.CONNECTED,
        account_status=AccountStatus.USABLE,
        schedule=account.schedule,
        zone=account.zone,
        spacing=account.spacing,
        daily_cap=1,
        warm_up_from=account.warm_up_from,
        hold_until=held,
    )
    slot = calendar.place(case, UUID(int=account.number << 32 | number), earliest=due, look_up=account.chance.random() < 0.5)
    if not isinstance(slot, datetime):
        return None
    sends.append(Sent(micros(slot), action.value, micros(slot), micros(max(due, held or due))))
    return slot
