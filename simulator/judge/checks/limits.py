"""Did an account stay below its caps?"""

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from simulator.judge.findings import Findings
from simulator.judge.inputs import BOOKED, AccountRule
from simulator.judge.reading import LoggedCall
from simulator.judge.rules import WEEK

LATE: Final = timedelta(days=2)
REFUSED: Final = 400


class CapCheck:
    """Caps of the account's local day, and invitations of any 168 hours, at the moment of arrival.

    Invitations, messages and withdrawals count when they took effect, look-ups when they were answered or cut: what the provider
    refused gives its place back.
    """

    def __init__(self, findings: Findings, rules: Mapping[str, AccountRule], *, under_way_ms: float) -> None:
        self._findings, self._rules, self._under_way_ms = findings, rules, under_way_ms
        self._days: Counter[tuple[str, str, str]] = Counter()
        self._weeks: dict[str, list[datetime]] = {}

    def see(self, call: LoggedCall) -> None:
        """Count it, and say so when it was one too many."""
        rule = self._rules.get(call.account_id or "")
        if rule is None or not _counts(call):
            return
        cap = rule.caps.get(call.action)
        if cap is not None:
            day = f"{call.at.astimezone(rule.zone):%Y-%m-%d}"
            self._days[rule.account_id, call.action, day] += 1
            count = self._days[rule.account_id, call.action, day]
            if count > cap:
                self._findings.broken("over_daily_cap", f"{rule.account_id}: {call.action} {count} of {cap} on {day} ({call.where}).")
        if call.action == "invitation" and rule.weekly_invitations is not None:
            self._week(rule.account_id, rule.weekly_invitations, call)

    def _week(self, account_id: str, cap: int, call: LoggedCall) -> None:
        sent = self._weeks.setdefault(account_id, [])
        insort(sent, call.at)
        del sent[: bisect_right(sent, sent[-1] - WEEK - LATE)]  # lines may be a little out of order
        within = sent[bisect_right(sent, call.at - WEEK) : bisect_right(sent, call.at)]
        if len(within) > cap:
            # The sender counts from its own intents, each a moment before its arrival here: a hair's breadth is no fault.
            short = WEEK - (call.at - within[len(within) - cap - 1])
            self._findings.narrow(
                "over_weekly_cap",
                f"{account_id}: {len(within)} invitations of {cap} in 168 hours ({call.where}).",
                short_by_s=short.total_seconds(),
                real_ms=self._under_way_ms,
            )


def _counts(call: LoggedCall) -> bool:
    if call.action in BOOKED:
        return call.effect
    return call.action == "profile_lookup" and (call.status is None or call.status < REFUSED)
