"""Did a message go to a person who had not accepted, or had answered already? And what did the provider itself object to?"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from simulator.judge.findings import Findings
from simulator.judge.reading import WRITES, LoggedCall, LoggedEvent

CARELESS: Final = frozenset({"already_invited_recently", "no_connection_with_recipient", "too_many_characters", "invalid_parameters"})
"""Refusals a careful sender never provokes; others (a locked profile, a limit of the day) it can only learn by asking."""
REFUSED: Final = range(400, 500)


class Courtesy:
    """Messages at the wrong moment, whether or not the provider let them through: the intention counts."""

    def __init__(self, findings: Findings, *, under_way_ms: float) -> None:
        self._findings, self._under_way_ms = findings, under_way_ms
        self._first_reply: dict[tuple[str, str], datetime] = {}  # real time
        self.refusals: Counter[str] = Counter()
        self.accepted = 0

    @property
    def replied(self) -> int:
        """People who wrote to an account at least once."""
        return len(self._first_reply)

    def happened(self, event: LoggedEvent) -> None:
        """Acceptances are counted; the first reply of a person is where our part ends."""
        if event.kind == "accepted":
            self.accepted += 1
        elif event.kind == "replied" and event.account_id is not None and event.person is not None:
            self._first_reply.setdefault((event.account_id, event.person), event.real_at)

    def see(self, call: LoggedCall) -> None:
        """Look at the picture the simulator took right before the call acted."""
        self._refusal(call)
        if call.action != "message" or call.recipient is None or call.degree is None:
            return
        if call.degree != "FIRST_DEGREE":
            self._findings.broken(
                "follow_up_before_acceptance", f"{call.account_id} wrote to {call.person}, who is {call.degree} ({call.where})."
            )
        if call.replied_at is not None:
            self._after_reply(call, call.replied_at)

    def _after_reply(self, call: LoggedCall, replied_at: datetime) -> None:
        words = f"{call.account_id} wrote to {call.person}, who had replied by {replied_at:%Y-%m-%d %H:%M:%S} UTC ({call.where}"
        first = self._first_reply.get((call.account_id or "", call.recipient or ""))
        if first is None:
            self._findings.broken("message_after_reply", f"{words}).")
            return
        late_ms = (call.real_at - first).total_seconds() * 1000
        words = f"{words}, {late_ms:.0f} real ms after the first reply was logged)."
        if late_ms <= self._under_way_ms:
            self._findings.forgiven("message_after_reply", words)
        else:
            self._findings.broken("message_after_reply", words)

    def _refusal(self, call: LoggedCall) -> None:
        if call.action not in WRITES or call.status not in REFUSED or call.fault == "status":
            return
        slug = call.error or f"status {call.status}"
        self.refusals[slug] += 1
        if slug in CARELESS and call.action != "withdrawal":  # a person who accepts a moment before leaves no invitation to withdraw
            self._findings.broken(
                "refused_by_provider", f"{call.account_id}: {call.route} for {call.person} refused, {slug} ({call.where})."
            )


def sorted_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
