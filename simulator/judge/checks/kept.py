"""Did everything that was promised leave, and nothing else?"""

from collections import Counter
from collections.abc import Sequence

from simulator.judge.checks.books import one_person
from simulator.judge.findings import Findings
from simulator.judge.inputs import SENT, Promise
from simulator.judge.reading import LoggedCall


class Kept:
    """Each promise once. A second effect for the same promise is reported by Repeats; here it counts as not promised.

    What waits for a person is not lost: it stands there with its evidence, and is counted apart.
    """

    def __init__(self, findings: Findings, promised: Sequence[Promise], waiting: Sequence[Promise]) -> None:
        self._findings = findings
        self._open = Counter((promise.action, one_person(promise.recipient)) for promise in promised)
        self._promised = set(self._open)
        self._waiting = {(promise.action, one_person(promise.recipient)) for promise in waiting}

    def see(self, call: LoggedCall) -> None:
        """Strike out the promise that this effect keeps."""
        if not call.effect or call.action not in SENT:
            return
        key = (call.action, one_person(call.recipient or ""))
        if key in self._promised:
            self._open[key] -= 1
        else:
            self._findings.broken("unasked", f"{call.account_id}: {call.action} to {call.person}, which was not promised ({call.where}).")

    def close(self) -> None:
        """What was never seen is lost."""
        for (action, recipient), left in self._open.items():
            if left > 0 and (action, recipient) not in self._waiting:
                self._findings.broken("lost", f"No {action} ever reached {recipient}.")
