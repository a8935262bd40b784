"""The judge's answer, as data and as tables of 80 columns."""

from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

KINDS: Final = (
    "duplicate_invitation",
    "duplicate_message",
    "spacing",
    "overlapping",
    "over_daily_cap",
    "over_weekly_cap",
    "outside_hours",
    "weekend",
    "holiday",
    "follow_up_before_acceptance",
    "message_after_reply",
    "refused_by_provider",
    "ledger_not_in_log",
    "log_not_in_ledger",
    "ledger_differs",
    "lost",
    "unasked",
    "unknown_account",
    "unreadable_line",
)
"""Every way to be found without tact, in the order of the table; a verdict names all of them, most often with 0."""


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """What was sent, what was wrong with it, and what was forgiven. `per_account` is account -> local day -> action -> count."""

    invitations: int
    messages: int
    violations: dict[str, int]
    accepted: int
    replied: int
    per_account: dict[str, dict[str, dict[str, int]]]
    names: dict[str, str]
    refusals: dict[str, int]
    tolerated: dict[str, int]
    tolerances: list[str]
    examples: dict[str, list[str]]
    ledger_not_in_log: int | None
    log_not_in_ledger: int | None
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing at all was wrong."""
        return not any(self.violations.values())

    @property
    def sent(self) -> int:
        """Invitations and messages that took effect."""
        return self.invitations + self.messages

    @property
    def duplicates(self) -> int:
        """Sends that a person received twice."""
        return self.violations["duplicate_invitation"] + self.violations["duplicate_message"]

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; the two ledger counts are null when no ledger was shown."""
        return {
            "ok": self.ok,
            "sent": self.sent,
            "invitations": self.invitations,
            "messages": self.messages,
            "duplicates": self.duplicates,
            "violations": self.violations,
            "ledger_not_in_log": self.ledger_not_in_log,
            "log_not_in_ledger": self.log_not_in_ledger,
            "accepted": self.accepted,
            "replied": self.replied,
            "refusals": self.refusals,
            "tolerated": self.tolerated,
            "tolerances": self.tolerances,
            "per_account": self.per_account,
            "examples": self.examples,
            "notes": self.notes,
        }

    def table(self) -> Group:
        """What was sent per account and day, what was found, and some of it in words."""
        return Group(self._sends(), self._rules(), *self._words())

    def _sends(self) -> Table:
        table = Table(title="Sent, by the account's own day", title_justify="left", expand=False)
        table.add_column("account", overflow="fold", max_width=34)
        table.add_column("day")
        table.add_column("invitations", justify="right")
        table.add_column("messages", justify="right")
        for account, days in self.per_account.items():
            name = self.names.get(account, account)
            for day, counts in sorted(days.items()):
                table.add_row(Text(name), day, str(counts["invitation"]), str(counts["message"]))
                name = ""
            table.add_section()
        table.add_row("all", "", str(self.invitations), str(self.messages), style="bold")
        return table

    def _rules(self) -> Table:
        table = Table(title="Found", title_justify="left", expand=False)
        table.add_column("rule")
        table.add_column("broken", justify="right")
        table.add_column("tolerated", justify="right")
        for kind, count in self.violations.items():
            shown = "-" if kind.startswith(("ledger_", "log_")) and self.ledger_not_in_log is None else str(count)
            table.add_row(kind.replace("_", " "), Text(shown, style="bold red" if count else ""), str(self.tolerated.get(kind, 0) or ""))
        return table

    def _words(self) -> list[Text]:
        lines = [Text(f"{self.accepted} accepted, {self.replied} replied.")]
        for slug, count in self.refusals.items():
            lines.append(Text(f"The provider refused {count} with {slug}."))
        for kind, words in self.examples.items():
            lines += [Text(f"{kind.replace('_', ' ')}: {one}", style="" if kind.startswith("tolerated") else "red") for one in words[:3]]
        lines += [Text(f"Tolerance: {one}", style="dim") for one in self.tolerances]
        lines += [Text(f"Note: {one}", style="yellow") for one in self.notes]
        lines.append(Text("Done with tact." if self.ok else "Not done with tact.", style="bold green" if self.ok else "bold red"))
        return lines
