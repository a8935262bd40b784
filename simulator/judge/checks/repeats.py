"""Did a person receive the same thing twice?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.judge.findings import Findings
from simulator.judge.inputs import AccountRule
from simulator.judge.reading import LoggedCall, LoggedEvent
from simulator.judge.rules import REINVITE_AFTER


@dataclass(slots=True)
class Invited:
    """The last invitation a person got from a workspace, and when it was taken back."""

    seq: int
    account_id: str
    withdrawn_at: datetime | None = None


class Repeats:
    """One invitation per workspace and person; no text twice from one account to one person."""

    def __init__(self, findings: Findings, rules: Mapping[str, AccountRule]) -> None:
        self._findings, self._rules = findings, rules
        self._invited: dict[tuple[str, str], Invited] = {}
        self._said: dict[int, int] = {}  # hash of account, person and text -> line

    def see(self, call: LoggedCall) -> None:
        """Only what took effect can have been received."""
        if not call.effect or call.account_id is None or call.recipient is None:
            return
        if call.action == "invitation":
            self._invitation(call, call.account_id, call.recipient)
        elif call.action == "message":
            first = self._said.setdefault(hash((call.account_id, call.recipient, call.text)), call.seq)
            if first != call.seq:
                self._findings.broken(
                    "duplicate_message", f"{call.account_id} wrote the same to {call.person} twice: line {first} and {call.where}."
                )

    def happened(self, event: LoggedEvent) -> None:
        """A withdrawal, by our call or by hand."""
        if event.kind == "withdrawn" and event.account_id is not None and event.person is not None:
            invited = self._invited.get((self._workspace(event.account_id), event.person))
            if invited is not None and invited.account_id == event.account_id:
                invited.withdrawn_at = event.at

    def _invitation(self, call: LoggedCall, account_id: str, recipient: str) -> None:
        key = (self._workspace(account_id), recipient)
        before = self._invited.get(key)
        self._invited[key] = Invited(call.seq, account_id)
        if before is None or (before.withdrawn_at is not None and call.at - before.withdrawn_at > REINVITE_AFTER):
            return
        taken_back = "" if before.withdrawn_at is None else f", withdrawn {(call.at - before.withdrawn_at).days} days before"
        self._findings.broken(
            "duplicate_invitation",
            f"{call.person} was invited twice: by {before.account_id} (line {before.seq}{taken_back}) and by {account_id} ({call.where}).",
        )

    def _workspace(self, account_id: str) -> str:
        rule = self._rules.get(account_id)
        return f"workspace {rule.workspace}" if rule is not None else f"account {account_id}"
