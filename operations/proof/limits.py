"""Caps, the rolling week, days and spacing of the ledger, checked by the rules of `simulator/judge/rules.py`.

Nothing of the product is imported, and a test keeps it so: a wrong rule there would call its own work right.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.judge import rules

if TYPE_CHECKING:
    from operations.proof.ledger_reader import ProvenAttempt


class Wrong(NamedTuple):
    """One broken limit: which, whose attempt, what it says and what it should."""

    check: str
    attempt: int
    says: str
    should: str


@dataclass(frozen=True, slots=True)
class Version:
    """What was set until a moment (business; None: until now)."""

    until: datetime | None
    was: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """One account's and its workspace's settings over time."""

    account: Sequence[Version]
    workspace: Sequence[Version]
    known_since: datetime | None
    """Before that moment the settings are unknown, and only the limits that no setting may pass are checked."""

    def at(self, moment: datetime) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The account's and the workspace's, as they were then."""
        return _then(self.account, moment), _then(self.workspace, moment)


@dataclass(slots=True)
class Watch:
    """Follows one account's attempts in the order of their decisions; remembers a week at most."""

    settings: Settings
    used: Counter[tuple[date, str]] = field(default_factory=Counter)
    week: deque[datetime] = field(default_factory=deque)
    answered: tuple[int, datetime] | None = None

    def see(self, row: "ProvenAttempt") -> Iterator[Wrong]:
        """What is wrong with this attempt after those before it."""
        account, workspace = self.settings.at(row.decided_at)
        known = self.settings.known_since is None or row.decided_at >= self.settings.known_since
        yield from self._day(row, account, known=known)
        if not row.given_back:
            yield from self._cap(row, account, workspace, known=known)
            if row.action == "invitation":
                yield from self._rolling(row, account, workspace, known=known)
        yield from self._spacing(row)

    def _day(self, row: "ProvenAttempt", account: Mapping[str, Any], *, known: bool) -> Iterator[Wrong]:
        day = row.decided_at.astimezone(rules.zone(_zone_name(account, row.decided_at))).date()
        if known and day != row.counted_on:
            yield Wrong("days", row.id, f"counted on {row.counted_on}", f"{day}, the account's own day of its decision")

    def _cap(self, row: "ProvenAttempt", account: Mapping[str, Any], workspace: Mapping[str, Any], *, known: bool) -> Iterator[Wrong]:
        day, action = row.counted_on, row.action
        for old in [key for key in self.used if key[0] < day - timedelta(days=2)]:
            del self.used[old]
        self.used[day, action] += 1
        cap = _cap(action, account, workspace, day) if known else rules.MOST_A_DAY.get(action, rules.MOST_A_DAY["withdrawal"])
        if self.used[day, action] > cap:
            yield Wrong("caps", row.id, f"{action} number {self.used[day, action]} of {day}", f"{cap} at most on that day")

    def _rolling(self, row: "ProvenAttempt", account: Mapping[str, Any], workspace: Mapping[str, Any], *, known: bool) -> Iterator[Wrong]:
        at = row.decided_at
        while self.week and at - self.week[0] >= rules.WEEK:
            self.week.popleft()
        self.week.append(at)
        cap = rules.MOST_INVITATIONS_A_WEEK
        if known:
            usual = rules.TIERS.get(workspace.get("tier") or "standard", rules.TIERS["standard"]).week
            cap = min(_first(account, workspace, "weekly_cr_limit") or usual, cap)
        if len(self.week) > cap:
            yield Wrong("week", row.id, f"invitation number {len(self.week)} in 168 hours", f"{cap} at most")

    def _spacing(self, row: "ProvenAttempt") -> Iterator[Wrong]:
        if self.answered is not None and row.state != "released":
            before, at = self.answered
            if row.decided_at - at < rules.SPACING:
                apart = (row.decided_at - at).total_seconds()
                yield Wrong("spacing", row.id, f"decided {apart:.0f} s after the answer to attempt {before}", "120 s at least")
        # An answer that did not arrive has the moment of the evidence, and what never left took no time of the account's.
        called = row.state == "accepted" or (row.state == "refused" and row.http_status is not None)
        if called and row.answered_at is not None and row.evidence is None:
            self.answered = (row.id, row.answered_at)


def _cap(action: str, account: Mapping[str, Any], workspace: Mapping[str, Any], day: date) -> int:
    kind = account["account_type"]
    configured = {"invitation": "daily_cr_limit", "message": "daily_message_limit", "profile_lookup": "daily_lookup_limit"}
    name = (configured | {"email": "daily_email_limit"}).get(action)
    most = rules.MOST_A_DAY.get(action, rules.MOST_A_DAY["withdrawal"])
    if action == "invitation":
        exception = account.get("cr_exception")
        most = rules.MOST_INVITATIONS[kind] if exception is None else max(rules.MOST_INVITATIONS[kind], min(exception, most))
    usual = rules.usual_caps(kind, workspace.get("tier")).get(action, most)
    cap = min((_first(account, workspace, name) if name else None) or usual, most)
    return rules.warmed_up_cap(cap, account.get("warm_up_from"), day)


def _first(account: Mapping[str, Any], workspace: Mapping[str, Any], name: str) -> int | None:
    own = account.get(name)
    return own if own is not None else workspace.get(name)


def _zone_name(account: Mapping[str, Any], at: datetime) -> str:
    since = account.get("timezone_from")
    changed = since is not None and datetime.fromisoformat(since) <= at
    return str(account["timezone_next"] if changed else account["timezone"])


def read_versions(was: Sequence[Mapping[str, Any]] | None, now: Mapping[str, Any]) -> list[Version]:
    """The versions of a row: its history (`until` and `was`, in order) and its present state."""
    earlier = [Version(datetime.fromisoformat(each["until"]).astimezone(UTC), each["was"]) for each in was or []]
    return [*earlier, Version(None, now)]


def _then(versions: Sequence[Version], moment: datetime) -> Mapping[str, Any]:
    return next(each.was for each in versions if each.until is None or each.until > moment)
