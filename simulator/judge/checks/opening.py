"""Did the account act when a person in its place would be at work?"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from simulator.judge.findings import Findings
from simulator.judge.inputs import AccountRule
from simulator.judge.reading import WRITES, LoggedCall
from simulator.judge.rules import closed_day


class Opening:
    """Hours, weekends and public holidays, in the account's zone, at the moment a write or a look-up arrived."""

    def __init__(self, findings: Findings, rules: Mapping[str, AccountRule]) -> None:
        self._findings, self._rules = findings, rules

    def see(self, call: LoggedCall) -> None:
        """One call breaks at most one of the three: the day comes before the hour."""
        if call.account_id is None or not call.as_member or not (call.action in WRITES or call.action == "profile_lookup"):
            return
        rule = self._rules.get(call.account_id)
        if rule is None:
            return
        local = call.at.astimezone(rule.zone)
        closed = closed_because(rule, local)
        if closed is not None:
            kind, why = closed
            self._findings.broken(kind, f"{call.account_id}: {call.route} at {local:%a %Y-%m-%d %H:%M:%S} in {rule.timezone}, {why}.")


def closed_because(rule: AccountRule, local: datetime) -> tuple[str, str] | None:
    """The violation's kind and the reason in words, None when the account is at work."""
    closed = closed_day(
        local.date(),
        rule.country,
        skip_weekends=rule.skip_weekends,
        skip_holidays=rule.skip_holidays,
        days_off=rule.days_off,
        working_days=rule.working_days,
    )
    if closed is not None:
        return closed
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    hour = (local.replace(tzinfo=None) - midnight.replace(tzinfo=None)) / timedelta(hours=1)  # as the clock on the wall shows it
    opens, closes = rule.hours
    return None if opens <= hour < closes else ("outside_hours", f"outside {opens:g} to {closes:g}")
