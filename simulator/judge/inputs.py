"""What the judge is given: what each account may do, what our ledger claims, and how much is tolerated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulator.judge.rules import TIERS, public_holidays, usual_caps

CAPPED: Final = ("invitation", "message", "profile_lookup", "withdrawal")
SENT: Final = ("invitation", "message")
BOOKED: Final = (*SENT, "withdrawal")
HOURS_A_DAY: Final = 24


class RuleError(ValueError):
    """An account rule or a ledger entry says something impossible; the sentence names it."""


@dataclass(frozen=True, slots=True)
class AccountRule:
    """What one account may do, and when. `hours` are local hours of the day, the last one excluded; caps are per local day.

    `days_off` close a day that would be open, `working_days` open a weekend or a holiday; where both name a day, it is closed.
    An action without a cap has none.

    Raises:
        RuleError: unknown zone, country or action, hours that never open, a negative cap.
    """

    account_id: str
    workspace: str
    name: str
    timezone: str
    country: str
    caps: Mapping[str, int] = field(default_factory=dict)
    weekly_invitations: int | None = None
    hours: tuple[float, float] = (7, 18)
    skip_weekends: bool = True
    skip_holidays: bool = True
    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        who = f"Account {self.account_id}"
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:  # unknown, malformed, or the name of a folder of zones
            raise RuleError(f"{who}: unknown timezone {self.timezone!r}; write it like Europe/Berlin.") from error
        try:
            public_holidays(self.country, 2000)
        except NotImplementedError as error:
            raise RuleError(f"{who}: unknown country {self.country!r}; write it like US, DE or DE-BE.") from error
        opens, closes = self.hours
        if not 0 <= opens < closes <= HOURS_A_DAY:
            raise RuleError(f"{who}: hours {opens} to {closes} never open; write two numbers like 7 and 18.")
        for action, cap in self.caps.items():
            if action not in CAPPED:
                raise RuleError(f"{who}: there is no cap for {action!r}, only for {', '.join(CAPPED)}.")
            if cap < 0:
                raise RuleError(f"{who}: a cap of {cap} for {action} makes no sense; write 0 or more.")

    @property
    def zone(self) -> ZoneInfo:
        """The account's own zone (ZoneInfo keeps its instances itself)."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One row of our ledger that claims to have been accepted by the provider: an invitation, a message or a withdrawal.

    `account_id` and `recipient` are the provider's ids; `text` None means that the row does not say.

    Raises:
        RuleError: the action is none of these, or a name is missing.
    """

    action: str
    account_id: str
    recipient: str
    provider_ref: str | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.action not in BOOKED:
            raise RuleError(f"A ledger entry is an invitation, a message or a withdrawal, not {self.action!r}.")
        if not self.account_id or not self.recipient:
            raise RuleError(f"The ledger entry with reference {self.provider_ref or 'none'} names no account or no recipient.")


@dataclass(frozen=True, slots=True)
class Promise:
    """A send that was asked for: an invitation or a message to this person (a provider id), exactly once.

    Raises:
        RuleError: the action is neither, or a name is missing.
    """

    action: str
    recipient: str

    def __post_init__(self) -> None:
        if self.action not in SENT:
            raise RuleError(f"An invitation or a message can be promised, not {self.action!r}.")
        if not self.recipient:
            raise RuleError(f"A promised {self.action} names no recipient.")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is forgiven, in real milliseconds, because no sender can know it: shown in the verdict, never hidden.

    `clock_speed` is business seconds per real second; without it the judge measures it in the log.
    """

    call_under_way_ms: float = 500
    rounding_ms: float = 5
    clock_speed: float | None = None


def published_rule(account_id: str, *, workspace: str, name: str, account_type: str, timezone: str, country: str) -> AccountRule:
    """The rule of an account for which no number was set: the published ones (docs/limits.md)."""
    caps = {action: cap for action, cap in usual_caps(account_type).items() if action in CAPPED}
    return AccountRule(account_id, workspace, name, timezone, country, caps=caps, weekly_invitations=TIERS["standard"].week)


def rule_from_json(document: Mapping[str, Any]) -> AccountRule:
    """A rule as a JSON object says it: the fields by name, hours as two numbers, days as ISO dates.

    Raises:
        RuleError: a field is missing, unknown or of the wrong kind.
    """
    given = _known(document, AccountRule, needed=("account_id", "timezone", "country"))
    try:
        for name in ("days_off", "working_days"):
            if name in given:
                given[name] = frozenset(date.fromisoformat(day) for day in given[name])
        if "hours" in given:
            opens, closes = given["hours"]
            given["hours"] = (float(opens), float(closes))
        return AccountRule(**{"workspace": given["account_id"], "name": given["account_id"]} | given)
    except (TypeError, AttributeError) as error:
        raise RuleError(f"Account {given['account_id']}: {error}.") from error
    except RuleError:
        raise
    except ValueError as error:
        raise RuleError(f"Account {given['account_id']}: {error}.") from error


def entry_from_json(document: Mapping[str, Any]) -> LedgerEntry:
    """A ledger row as a JSON object says it.

    Raises:
        RuleError: a field is missing or unknown.
    """
    return LedgerEntry(**_known(document, LedgerEntry, needed=("action", "account_id", "recipient")))


def _known(document: Mapping[str, Any], kind: type[AccountRule | LedgerEntry], *, needed: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise RuleError(f"Each {kind.__name__} is a JSON object, not {document!r}.")
    names = [one.name for one in fields(kind)]
    if missing := [name for name in needed if not document.get(name)]:
        raise RuleError(f"{kind.__name__} {document!r} lacks {', '.join(missing)}.")
    if unknown := [name for name in document if name not in names]:
        raise RuleError(f"{kind.__name__} knows no {', '.join(unknown)}; it has {', '.join(names)}.")
    return dict(document)
