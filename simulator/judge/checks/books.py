"""Do our ledger and the log tell the same story?"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from simulator.judge.findings import Findings
from simulator.judge.inputs import BOOKED, LedgerEntry
from simulator.judge.reading import LoggedCall

PERSON_PREFIXES: Final = ("ADo", "ACw")


class Books:
    """Every effect in the ledger and every ledger row in the log, once each.

    The provider's reference binds first. What is left over is compared by action, account, recipient and text at the end,
    because a reference can be lost (the simulator can answer without a message id) while the send is known all the same.
    """

    def __init__(self, findings: Findings, ledger: Sequence[LedgerEntry]) -> None:
        self._findings = findings
        self._by_ref: dict[tuple[str, str, str], LedgerEntry] = {}
        self._rest: list[LedgerEntry] = []
        self._effects: list[LoggedCall] = []
        for entry in ledger:
            key = (entry.action, entry.account_id, entry.provider_ref or "")
            if entry.provider_ref is None or key in self._by_ref:
                self._rest.append(entry)
            else:
                self._by_ref[key] = entry

    def see(self, call: LoggedCall) -> None:
        """Strike out the row with this effect's reference."""
        if not call.effect or call.action not in BOOKED or call.account_id is None:
            return
        entry = self._by_ref.pop((call.action, call.account_id, call.effect_id or ""), None)
        if entry is None:
            self._effects.append(call)
            return
        if one_person(entry.recipient) != one_person(call.recipient or ""):
            self._findings.broken("ledger_differs", f"{_row(entry)} went to {call.recipient} in the log ({call.where}).")
        elif entry.text is not None and entry.text != (call.text or ""):
            self._findings.broken("ledger_differs", f"{_row(entry)} says another text than the log ({call.where}).")

    def close(self) -> None:
        """Compare what has no common reference, and report what is left on either side."""
        waiting: dict[tuple[str, str, str], list[LedgerEntry]] = defaultdict(list)
        for entry in [*self._by_ref.values(), *self._rest]:
            waiting[entry.action, entry.account_id, one_person(entry.recipient)].append(entry)
        for call in self._effects:
            rows = waiting.get((call.action, call.account_id or "", one_person(call.recipient or "")), [])
            match = next((row for row in rows if row.text == (call.text or "")), None) or next(
                (row for row in rows if row.text is None), None
            )
            if match is None:
                self._findings.broken("log_not_in_ledger", f"{call.action} of {call.account_id} to {call.person}, {call.where}.")
            else:
                rows.remove(match)
        for rows in waiting.values():
            for row in rows:
                self._findings.broken("ledger_not_in_log", f"{_row(row)} left no trace in the log.")


def one_person(provider_id: str) -> str:
    """A member's ids differ only in how they begin: ACo…, ADo… and ACw… with one tail are one person."""
    return f"ACo{provider_id[3:]}" if provider_id.startswith(PERSON_PREFIXES) else provider_id


def _row(entry: LedgerEntry) -> str:
    return f"{entry.action} of {entry.account_id} to {entry.recipient} (reference {entry.provider_ref or 'none'})"
