"""`python -m docs.generate`: write the parts of the documents that the code knows better; `--check` changes nothing.

A page is written by hand around blocks (`<!-- generated: name -->` … `<!-- end -->`), so that tables cannot drift from
settings, topics, vocabulary and limits. tests/architecture/test_documents.py fails while a block is behind.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from embedded.settings import StackSettings
from services.healer.settings import HealerSettings
from services.poller.settings import PollerSettings
from services.queuer.settings import PlanningSettings, QueuerSettings
from services.sender.settings import SenderSettings
from shared.contracts.routes import ROUTES
from shared.contracts.topics import DEAD_LETTER_RETENTION, STACK_HEADS, TOPICS
from shared.kafka.admin import DEAD_LETTER_PARTITIONS
from shared.notices.settings import NoticeSettings
from shared.policy import (
    MOST_BY_EXCEPTION,
    MOST_EMAILS_A_DAY,
    MOST_INVITATIONS_A_DAY,
    MOST_MESSAGES_A_DAY,
    MOST_WEEKLY_INVITATIONS,
    PROFILE_LOOKUPS_A_DAY,
    SPACING,
    TIERS,
    daily_caps,
    note_limit,
    warm_up_cap,
    warm_up_percent,
)
from shared.runtime.settings import CallSettings, DecisionSettings, ProviderSettings, ServiceSettings, TimeoutSettings
from shared.vocabulary import PROSPECT_TRANSITIONS, SEND_TRANSITIONS, AccountType, Action, ProspectStatus, SendStatus, TransitionCondition

ROOT: Final = Path(__file__).resolve().parent.parent
BLOCK: Final = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n).*?(?P<close><!-- end -->)", re.DOTALL)

GROUPS: Final[tuple[tuple[str, str, type[BaseSettings]], ...]] = (
    ("Every service", "Read by queuer, sender, poller and healer.", ServiceSettings),
    ("Calls", "Read by queuer, sender, poller and healer.", TimeoutSettings),
    ("Before a window ends", "Read by queuer and sender.", CallSettings),
    ("Decisions of the sender", "Read by sender and healer.", DecisionSettings),
    ("Plans", "Read by queuer, and by `tact replay`.", PlanningSettings),
    ("The provider", "Read by sender, poller and healer.", ProviderSettings),
    ("Notices", "Read by healer and queuer: the one tells people, the other tells them when the first is silent.", NoticeSettings),
    ("queuer", "", QueuerSettings),
    ("sender", "", SenderSettings),
    ("poller", "Intervals are business time.", PollerSettings),
    ("healer", "", HealerSettings),
    (
        "The stack on one machine",
        "Read by `tact up` and the other commands; a server that is named is used, one that is not is started.",
        StackSettings,
    ),
)
CONDITIONS: Final = {
    TransitionCondition.ALWAYS: "",
    TransitionCondition.UNCONTACTED: "only while `contacted_at` is empty",
    TransitionCondition.RESUMED: "only when a person resumes: the same UPDATE sets `resumed_at`",
    TransitionCondition.REPLY_NAMED: "only with the stored reply named in the same UPDATE (`reply_message_id`)",
}


class DocumentError(Exception):
    """A page asks for a block that is not generated; the message names both."""


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def variable(name: str) -> str:
    """The variable of a setting."""
    return f"TACT_{name.upper()}"


def own_fields(settings: type[BaseSettings]) -> dict[str, FieldInfo]:
    """The fields a class adds to those it inherits."""
    inherited = {name for base in settings.__mro__[1:] for name in getattr(base, "model_fields", {})}
    return {name: field for name, field in settings.model_fields.items() if name not in inherited}


def shown(value: object) -> str:
    """A default as one would write it into the environment; empty when there is none."""
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def duration(span: timedelta) -> str:
    """ISO 8601, the way pydantic reads a span from the environment: PT30S, PT6H, P3D."""
    seconds = span.total_seconds()
    for size, before, unit in ((86_400, "P", "D"), (3_600, "PT", "H"), (60, "PT", "M")):
        if seconds and seconds % size == 0:
            return f"{before}{seconds / size:g}{unit}"
    return f"PT{seconds:g}S"


def consequence(field: FieldInfo) -> str:
    """What a setting does, or at least which words it takes."""
    words = next((pattern for part in field.metadata if (pattern := getattr(part, "pattern", None))), "")
    choices = f"One of {', '.join(words.strip('^$()').split('|'))}." if re.fullmatch(r"\^\([A-Za-z|]+\)\$", words) else ""
    return (field.description or choices) + other_names(field)


def other_names(field: FieldInfo) -> str:
    """Variables of older installations that are read where ours is absent."""
    alias = field.validation_alias
    names = [str(choice) for choice in alias.choices if not str(choice).startswith("TACT_")] if isinstance(alias, AliasChoices) else []
    return f" Also read as `{'`, `'.join(names)}`." if names else ""


def settings() -> str:
    """One table per settings class."""
    parts = []
    for title, remark, cls in GROUPS:
        rows = [
            (f"`{variable(name)}`", f"`{value}`" if (value := shown(field.default)) else "", consequence(field))
            for name, field in own_fields(cls).items()
        ]
        parts.append(f"## {title}\n\n{remark + chr(10) + chr(10) if remark else ''}{table(('variable', 'default', 'consequence'), rows)}")
    return "\n".join(parts)


def example_environment() -> str:
    """.env.example: every variable once, with its consequence, set to its default and commented out."""
    lines = [
        "# Copy to .env. Read by `tact`, by the services and by docker compose; every line that is commented out shows the default.",
        "# Spans are ISO 8601 (PT30S, PT6H, P3D) or hh:mm:ss. Leave a secret out rather than empty.",
        "",
        "# --- docker compose alone ---",
        "# Of the PostgreSQL that compose starts. Letters and digits only: it becomes part of an address.",
        "POSTGRES_PASSWORD=",
        "# Tag of the image that compose builds and runs.",
        "#TACT_VERSION=dev",
    ]
    told: set[str] = set()
    for title, remark, cls in GROUPS:
        lines += ["", f"# --- {title} ---", *([f"# {remark.replace('`', '')}"] if remark else [])]
        for name, field in own_fields(cls).items():
            if name in told:
                continue
            told.add(name)
            lines += [
                f"# {consequence(field).replace('`', '')}",
                f"#{variable(name)}={shown(field.default)}",
            ]
    return "\n".join(lines) + "\n"


def topics() -> str:
    """The declared topics."""
    rows = [
        (
            f"`{topic.name}`",
            f"`{topic.event_type}`",
            topic.key,
            ", ".join(topic.producers),
            ", ".join(topic.consumers),
            str(topic.partitions),
            "compacted" if topic.compacted else f"{topic.retention.days} days",
            (topic.message.__doc__ or "").strip().splitlines()[0],
        )
        for topic in (*TOPICS.values(), STACK_HEADS)
    ]
    rows.append(
        ("`<topic>.dlq`", "as the origin's", "as the origin's", "the failing consumer", "people", str(DEAD_LETTER_PARTITIONS),
         f"{DEAD_LETTER_RETENTION.days} days", "The original bytes, with origin and reason in the headers.")
    )  # fmt: skip
    return table(("topic", "`ce_type`", "key", "from", "to", "partitions", "kept", "what it does"), rows)


def fields() -> str:
    """What the value of each topic's record holds."""
    parts = []
    for topic in (*TOPICS.values(), STACK_HEADS):
        rows = [
            (f"`{name}`", f"`{getattr(field.annotation, '__name__', field.annotation)}`", "required" if field.is_required() else "optional")
            for name, field in topic.message.model_fields.items()
        ]
        parts.append(f"### {topic.name}\n\n{table(('field', 'type', ''), rows)}")
    return "\n".join(parts)


def routes() -> str:
    """Which service serves which path."""
    return table(("path", "service"), [(f"`{route.prefix}`", route.service) for route in ROUTES])


def prospect_transitions() -> str:
    """One row per status: where it may go, and on what condition."""
    rows = []
    for start in ProspectStatus:
        ends = [step for step in PROSPECT_TRANSITIONS if step.start is start]
        free = ", ".join(f"`{step.end}`" for step in ends if step.condition is TransitionCondition.ALWAYS)
        bound = "<br>".join(
            f"`{step.end}`: {CONDITIONS[step.condition]}" for step in ends if step.condition is not TransitionCondition.ALWAYS
        )
        rows.append((f"`{start}`", free, bound))
    return table(("from", "to", "to, on a condition"), rows)


def send_transitions() -> str:
    """The same for sends."""
    rows = []
    for start in SendStatus:
        ends = [end for end in SendStatus if (start, end) in SEND_TRANSITIONS]
        ended = start in {SendStatus.SENT, SendStatus.FAILED, SendStatus.SKIPPED, SendStatus.CANCELLED}
        rows.append((f"`{start}`", ", ".join(f"`{end}`" for end in ends) + (" by `reopen()` alone" if ended else "")))
    return table(("from", "to"), rows)


def caps() -> str:
    """What an account may do on one of its own days, and in a week, by tier."""
    rows = []
    for tier, limits in TIERS.items():
        for kind in AccountType:
            allowed = daily_caps(kind, workspace_daily_cr_limit=None, account_daily_cr_limit=None, tier=tier)
            shown = (Action.INVITATION, Action.MESSAGE, Action.PROFILE_LOOKUP, Action.EMAIL, Action.WITHDRAWAL)
            numbers = (allowed[action] for action in shown)
            rows.append((f"`{tier}`", f"`{kind}`", *map(str, numbers), str(limits.weekly_invitations), str(note_limit(kind))))
    head = (
        "tier",
        "account type",
        "invitations a day",
        "messages a day",
        "profile look-ups a day",
        "e-mails a day",
        "withdrawals a day",
        "invitations in any 168 hours",
        "characters of a note",
    )
    most = ", ".join(f"{MOST_INVITATIONS_A_DAY[kind]} (`{kind}`)" for kind in AccountType)
    return (
        f"{table(head, rows)}\n"
        f"What may be set at most: {most} invitations a day, {MOST_BY_EXCEPTION} with a written exception; "
        f"{MOST_WEEKLY_INVITATIONS} in any 168 hours;\n"
        f"{MOST_MESSAGES_A_DAY} messages, {PROFILE_LOOKUPS_A_DAY} profile look-ups and {MOST_EMAILS_A_DAY} e-mails a day. "
        f"{SPACING.total_seconds():g} s and a jitter of 0 to 25 % between any two actions of one account.\n"
    )


def warm_up() -> str:
    """How the caps of a new account grow."""
    first = date(2026, 1, 1)
    days = range(15)
    shares = [warm_up_percent(first, first + timedelta(days=day)) for day in days]
    caps = [warm_up_cap(40, first, first + timedelta(days=day)) for day in days]
    rows = [("percent of each cap", *map(str, shares)), ("invitations of 40", *map(str, caps))]
    return table(("day", *map(str, days)), rows)


BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    "settings": settings,
    "topics": topics,
    "fields": fields,
    "routes": routes,
    "prospect-transitions": prospect_transitions,
    "send-transitions": send_transitions,
    "caps": caps,
    "warm-up": warm_up,
}


def renewed(page: Path) -> str:
    """The page with its blocks as the code would have them today.

    Raises:
        DocumentError: it asks for a block that is not generated.
    """

    def one(match: re.Match[str]) -> str:
        make = BLOCKS.get(match["name"])
        if make is None:
            raise DocumentError(f"{page} asks for the block {match['name']!r}; docs/generate.py makes {', '.join(BLOCKS)}.")
        return f"{match['open']}\n{make()}\n{match['close']}"

    return BLOCK.sub(one, page.read_text(encoding="utf-8"))


def current() -> dict[Path, str]:
    """Every file with generated parts, and what it should hold."""
    pages = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if page.exists()]
    wanted = {page: renewed(page) for page in pages if BLOCK.search(page.read_text(encoding="utf-8"))}
    return {**wanted, ROOT / ".env.example": example_environment()}


def outdated() -> list[Path]:
    """The files that are behind the code."""
    return [page for page, text in current().items() if not page.exists() or page.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write what is behind, or with --check only name it; returns the exit status."""
    try:
        behind = outdated()
        if arguments != ["--check"]:
            for page in behind:
                page.write_text(current()[page], encoding="utf-8")
    except DocumentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for page in behind:
        sys.stderr.write(
            f"{page.relative_to(ROOT)} {'is behind: run `python -m docs.generate`' if arguments == ['--check'] else 'written'}\n"
        )
    return 1 if behind and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
