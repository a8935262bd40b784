"""One walk through the log, past every check."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path

from simulator.judge.checks.books import Books
from simulator.judge.checks.courtesy import Courtesy, sorted_counts
from simulator.judge.checks.kept import Kept
from simulator.judge.checks.limits import CapCheck
from simulator.judge.checks.opening import Opening
from simulator.judge.checks.pace import Pace
from simulator.judge.checks.repeats import Repeats
from simulator.judge.findings import Findings, Speed
from simulator.judge.inputs import SENT, AccountRule, LedgerEntry, Promise, RuleError, Tolerance
from simulator.judge.reading import Line, LoggedCall, LoggedEvent, Unreadable, read
from simulator.judge.verdict import KINDS, JudgeVerdict


def judge(
    log: str | Path | Iterable[Line],
    *,
    accounts: Sequence[AccountRule] = (),
    ledger: Sequence[LedgerEntry] | None = None,
    promised: Sequence[Promise] | None = None,
    waiting: Sequence[Promise] = (),
    spacing_s: float = 120,
    tolerance: Tolerance | None = None,
) -> JudgeVerdict:
    """Say whether what is in the log was done with tact.

    Without accounts nothing is said about hours and caps; without a ledger nothing about the ledger, and the verdict says so.
    What was `promised` must have left, and nothing else, except what is `waiting` for a person.

    Raises:
        LogError: the log cannot be read. RuleError: two rules for one account.
    """
    hearing = Hearing(accounts, ledger, spacing_s, tolerance or Tolerance())
    if promised is not None:
        hearing.hold_to(promised, waiting)
    return hearing.hear(log)


class Hearing:
    """The checks of one log and what they have in common."""

    def __init__(
        self, accounts: Sequence[AccountRule], ledger: Sequence[LedgerEntry] | None, spacing_s: float, tolerance: Tolerance
    ) -> None:
        self._rules = {rule.account_id: rule for rule in accounts}
        if len(self._rules) < len(accounts):
            raise RuleError("Two rules speak of one account; give each account one rule.")
        self._tolerance, self._spacing_s = tolerance, spacing_s
        self._findings, self._speed = Findings(), Speed()
        self._books = None if ledger is None else Books(self._findings, ledger)
        self._courtesy = Courtesy(self._findings, under_way_ms=tolerance.call_under_way_ms)
        self._repeats = Repeats(self._findings, self._rules)
        self._kept: Kept | None = None
        self._checks: list[Pace | Opening | CapCheck | Repeats | Courtesy | Books | Kept] = [
            Pace(self._findings, spacing_s=spacing_s, rounding_ms=tolerance.rounding_ms),
            Opening(self._findings, self._rules),
            CapCheck(self._findings, self._rules, under_way_ms=tolerance.call_under_way_ms),
            self._repeats,
            self._courtesy,
        ]
        if self._books is not None:
            self._checks.append(self._books)
        self._sent = dict.fromkeys(SENT, 0)
        self._per_account: dict[str, dict[str, dict[str, int]]] = {rule.account_id: {} for rule in accounts}
        self._last_seq: int | None = None
        self._gaps, self._first_gap = 0, ""

    def hold_to(self, promised: Sequence[Promise], waiting: Sequence[Promise]) -> None:
        """Look for these sends as well."""
        self._kept = Kept(self._findings, promised, waiting)
        self._checks.append(self._kept)

    def hear(self, log: str | Path | Iterable[Line]) -> JudgeVerdict:
        """Read to the end, then judge."""
        for entry in read(log):
            match entry:
                case LoggedCall():
                    self._in_order(entry.seq)
                    self._call(entry)
                case LoggedEvent():
                    self._in_order(entry.seq)
                    self._courtesy.happened(entry)
                    self._repeats.happened(entry)
                case Unreadable():
                    self._unreadable(entry)
        if self._books is not None:
            self._books.close()
        if self._kept is not None:
            self._kept.close()
        return self._verdict()

    def _call(self, call: LoggedCall) -> None:
        self._speed.see(call)
        for check in self._checks:
            check.see(call)
        if not call.effect or call.action not in SENT or call.account_id is None:
            return
        self._sent[call.action] += 1
        rule = self._rules.get(call.account_id)
        if rule is None and self._rules:
            self._findings.broken("unknown_account", f"{call.account_id} sent something and has no rule ({call.where}).")
        day = f"{call.at.astimezone(rule.zone if rule else UTC):%Y-%m-%d}"
        counts = self._per_account.setdefault(call.account_id, {}).setdefault(day, dict.fromkeys(SENT, 0))
        counts[call.action] += 1

    def _in_order(self, seq: int) -> None:
        if self._last_seq is not None and seq != self._last_seq + 1:
            self._gaps += 1
            self._first_gap = self._first_gap or f"from line {self._last_seq} to {seq}"
        self._last_seq = seq

    def _unreadable(self, line: Unreadable) -> None:
        if line.torn:
            self._findings.notes.append(f"The last line ({line.number}) was cut off while it was written and is left out.")
        else:
            self._findings.broken("unreadable_line", f"Line {line.number} is no log entry ({line.why}).")

    def _verdict(self) -> JudgeVerdict:
        speed = self._speed.measured() if self._tolerance.clock_speed is None else self._tolerance.clock_speed
        self._findings.settle(speed)
        found = self._findings
        violations = {kind: found.violations[kind] for kind in KINDS}
        if self._gaps:
            found.notes.append(f"The log skips numbers {self._gaps} times, first {self._first_gap}: a selection, or lines are missing.")
        if not self._rules:
            found.notes.append("No account rules were given: hours, weekends, holidays and caps were not judged; days are UTC.")
        if self._books is None:
            found.notes.append("No ledger was given: it was not held against the log.")
        if not any(self._sent.values()):
            found.notes.append("Nothing was sent, so little was judged.")
        return JudgeVerdict(
            invitations=self._sent["invitation"],
            messages=self._sent["message"],
            violations=violations,
            accepted=self._courtesy.accepted,
            replied=self._courtesy.replied,
            per_account=self._per_account,
            names={account_id: rule.name for account_id, rule in self._rules.items()},
            refusals=sorted_counts(self._courtesy.refusals),
            tolerated=sorted_counts(found.tolerated),
            tolerances=self._granted(speed),
            examples=found.examples,
            ledger_not_in_log=None if self._books is None else violations["ledger_not_in_log"],
            log_not_in_ledger=None if self._books is None else violations["log_not_in_ledger"],
            notes=found.notes,
        )

    def _granted(self, speed: float) -> list[str]:
        under_way, rounding = self._tolerance.call_under_way_ms, self._tolerance.rounding_ms
        return [
            f"A message that arrived within {under_way:g} real ms after the first reply was logged was under way.",
            f"Spacing of {self._spacing_s:g} s may fall short by {rounding:g} real ms of reading clocks, which at a clock speed of "
            f"{speed:.0f} is {rounding * speed / 1000:.3g} s.",
            f"A week of invitations may be short by {under_way:g} real ms: the ledger counts from the intent, the log from the arrival.",
            "A call whose client had gone counts as ended when it arrived.",
        ]
