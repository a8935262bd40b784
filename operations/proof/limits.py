"""Caps, the rolling week, days and spacing, checked anew from the rules as they are published (docs/limits.md).

Written a second time on purpose: nothing of `shared/policy` or `shared/calendar` is imported, and a test keeps it so. A wrong rule
over there would call its own work right.
"""

import json
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

APART: Final = timedelta(seconds=120)
WARM: Final = 14
"""Days after which an account sends as much as any."""
HOURS_168: Final = timedelta(hours=168)
TYPES: Final = {"free": 20, "premium": 50, "sales_navigator": 100}
"""Invitations a day that an account of that type may be set to."""
USUAL: Final = {
    "standard": ({"free": 20, "premium": 40, "sales_navigator": 40}, 100, 200, 100),
    "growth": ({"free": 20, "premium": 50, "sales_navigator": 60}, 100, 300, 150),
    "enterprise": ({"free": 20, "premium": 50, "sales_navigator": 80}, 120, 500, 200),
}
"""Where nobody set a number, by tier: invitations by type, messages, e-mails, invitations in 168 hours."""


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
    """Before that moment nobody knows what was set, and only what nobody may ever pass is checked."""

    def at(self, moment: datetime) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The account's and the workspace's, as they were then."""
        return _then(self.account, moment), _then(self.workspace, moment)


def settings_of(row: Mapping[str, Any]) -> Settings:
    """From a row of the query `settings`."""
    return Settings(_versions(row["account_was"], row["account"]), _versions(row["workspace_was"], row["workspace"]), row["known_since"])


@dataclass(slots=True)
class Watch:
    """Follows one account's attempts in the order of their decisions; remembers a week at most."""

    settings: Settings
    used: Counter[tuple[date, str]] = field(default_factory=Counter)
    week: deque[datetime] = field(default_factory=deque)
    answered: tuple[int, datetime] | None = None

    def see(self, row: Mapping[str, Any]) -> Iterator[Wrong]:
        """What is wrong with this attempt after those before it."""
        account, workspace = self.settings.at(row["decided_at"])
        known = self.settings.known_since is None or row["decided_at"] >= self.settings.known_since
        yield from self._day(row, account, known=known)
        if not row["given_back"]:
            yield from self._cap(row, account, workspace, known=known)
            if row["action"] == "invitation":
                yield from self._rolling(row, account, workspace, known=known)
        yield from self._spacing(row)

    def _day(self, row: Mapping[str, Any], account: Mapping[str, Any], *, known: bool) -> Iterator[Wrong]:
        day = row["decided_at"].astimezone(_zone(_zone_name(account, row["decided_at"]))).date()
        if known and day != row["counted_on"]:
            yield Wrong("days", row["id"], f"counted on {row['counted_on']}", f"{day}, the account's own day of its decision")

    def _cap(self, row: Mapping[str, Any], account: Mapping[str, Any], workspace: Mapping[str, Any], *, known: bool) -> Iterator[Wrong]:
        day, action = row["counted_on"], row["action"]
        for old in [key for key in self.used if key[0] < day - timedelta(days=2)]:
            del self.used[old]
        self.used[day, action] += 1
        cap = _cap(action, account, workspace, day) if known else _most(action)
        if self.used[day, action] > cap:
            yield Wrong("caps", row["id"], f"{action} number {self.used[day, action]} of {day}", f"{cap} at most on that day")

    def _rolling(self, row: Mapping[str, Any], account: Mapping[str, Any], workspace: Mapping[str, Any], *, known: bool) -> Iterator[Wrong]:
        at = row["decided_at"]
        while self.week and at - self.week[0] >= HOURS_168:
            self.week.popleft()
        self.week.append(at)
        cap = 200
        if known:
            cap = min(_first(account, workspace, "weekly_cr_limit") or _usual(workspace)[3], 200)
        if len(self.week) > cap:
            yield Wrong("week", row["id"], f"invitation number {len(self.week)} in 168 hours", f"{cap} at most")

    def _spacing(self, row: Mapping[str, Any]) -> Iterator[Wrong]:
        if self.answered is not None and row["state"] != "released":
            before, at = self.answered
            if row["decided_at"] - at < APART:
                apart = (row["decided_at"] - at).total_seconds()
                yield Wrong("spacing", row["id"], f"decided {apart:.0f} s after the answer to attempt {before}", "120 s at least")
        # Whose answer nobody saw has the moment of the evidence, and what never left the house took no time of the account's.
        called = row["state"] == "accepted" or (row["state"] == "refused" and row["http_status"] is not None)
        if called and row["answered_at"] is not None and row["evidence"] is None:
            self.answered = (row["id"], row["answered_at"])


def _cap(action: str, account: Mapping[str, Any], workspace: Mapping[str, Any], day: date) -> int:
    by_type, messages, emails, _ = _usual(workspace)
    match action:
        case "invitation":
            kind = account["account_type"]
            exception = account.get("cr_exception")
            most = TYPES[kind] if exception is None else max(TYPES[kind], min(exception, 100))
            cap = min(_first(account, workspace, "daily_cr_limit") or by_type[kind], most)
        case "message":
            cap = min(_first(account, workspace, "daily_message_limit") or messages, 150)
        case "profile_lookup":
            cap = min(_first(account, workspace, "daily_lookup_limit") or 100, 100)
        case "email":
            cap = min(_first(account, workspace, "daily_email_limit") or emails, 500)
        case _:
            cap = 40
    since = account.get("warm_up_from")
    if since is None:
        return cap
    days = max(0, (day - date.fromisoformat(since)).days)
    return cap if days >= WARM else min(cap, max(1, cap * (20 + 6 * days) // 100))


def _most(action: str) -> int:
    return {"invitation": 100, "message": 150, "profile_lookup": 100, "email": 500}.get(action, 40)


def _usual(workspace: Mapping[str, Any]) -> tuple[Mapping[str, int], int, int, int]:
    return USUAL.get(workspace.get("tier") or "standard", USUAL["standard"])


def _first(account: Mapping[str, Any], workspace: Mapping[str, Any], name: str) -> int | None:
    own = account.get(name)
    return own if own is not None else workspace.get(name)


def _zone_name(account: Mapping[str, Any], at: datetime) -> str:
    since = account.get("timezone_from")
    changed = since is not None and datetime.fromisoformat(since) <= at
    return str(account["timezone_next"] if changed else account["timezone"])


def _versions(was: str | list[Any] | None, now: str | Mapping[str, Any]) -> list[Version]:
    earlier = json.loads(was) if isinstance(was, str) else was or []
    current = json.loads(now) if isinstance(now, str) else now
    return [*(Version(datetime.fromisoformat(each["until"]).astimezone(UTC), each["was"]) for each in earlier), Version(None, current)]


def _then(versions: Sequence[Version], moment: datetime) -> Mapping[str, Any]:
    return next(each.was for each in versions if each.until is None or each.until > moment)


_zone = lru_cache(maxsize=1024)(ZoneInfo)
