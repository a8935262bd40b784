"""Which part of the way spent the CPU: the services' by task, PostgreSQL's by statement.

PostgreSQL's CPU time is shared out by the time its statements took (pg_stat_statements), which counts their waiting too.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from embedded.cache import REPOSITORY


class Part(StrEnum):
    """A part of a send's way."""

    DISPATCH = "dispatch"
    PLAN = "plan"
    KAFKA = "Kafka"
    BEGIN = "begin"
    HTTP = "HTTP"
    FINISH = "finish"
    EVENTS = "events"
    SEALS = "seals"
    SOCKETS = "sockets"
    REST = "rest"


MEANING: Final[Mapping[Part, str]] = {
    Part.PLAN: "the queuer hears what was sent",
    Part.EVENTS: "the outbox and its relay",
    Part.SEALS: "the ledger's chain",
    Part.SOCKETS: "both services' loops",
}
TASKS: Final[Mapping[str, Mapping[str, Part]]] = {
    "queuer": {"job dispatch": Part.DISPATCH, "job plan": Part.PLAN, "job outbox": Part.EVENTS, "LogicSubscriber": Part.PLAN},
    "sender": {
        "LogicSubscriber": Part.BEGIN,
        "CallPool._start_in_turns": Part.HTTP,
        "CallPool._call_and_finish": Part.HTTP,
        "Finisher._write_batches": Part.FINISH,
        "job outbox": Part.EVENTS,
        "job seal": Part.SEALS,
    },
}
"""By service, how a job's name or the name of a task's coroutine begins, and the part it works for."""
CLIENT: Final = ("Fetcher.", "AIOKafka", "Sender.", "GroupCoordinator.", "ClientRequest.", "Heads.")
"""Tasks of aiokafka, and the fence's own reader."""


def _files_of(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / folder).glob("*.sql")))


SHARED: Final = "shared/db/statements.sql"
OUTBOX: Final = ("shared/db/outbox.sql", "shared/kafka/relay.sql")
STATEMENTS: Final[Mapping[str, Mapping[Part, tuple[str, ...]]]] = {
    "queuer": {
        Part.DISPATCH: ("services/queuer/store/dispatch/dispatch.sql",),
        Part.PLAN: (*_files_of("services/queuer/store/planning"), f"{SHARED}#lock_accounts", f"{SHARED}#lock_prospects"),
        Part.EVENTS: OUTBOX,
    },
    "sender": {
        Part.BEGIN: ("services/sender/store/ledger.sql", f"{SHARED}#try_lock_accounts"),
        Part.FINISH: ("services/sender/store/answers.sql", f"{SHARED}#lock_accounts", f"{SHARED}#lock_sends", f"{SHARED}#lock_prospects"),
        Part.SEALS: ("services/sender/store/seals.sql",),
        Part.EVENTS: OUTBOX,
    },
}
"""By the role's service: the files of a part's statements; `file#name` is one statement of a file."""
_NAMED = re.compile(r"^-- name: (\w+).*$", re.MULTILINE)
_CONSTANT = re.compile(r"'[^']*'|(?<!:):\w+|\$\d+|\b\d+(?:\.\d+)?\b|\b(?:NULL|true|false)\b")
_LIST = re.compile(r"\$(?: /\*, \.\.\. \*/|(?:, \$)+)")
"""What the server keeps no value of: strings, numbers, words, parameters as we and as it write them, and how many a list has."""


def of_service(service: str, written: Mapping[str, Any]) -> dict[Part, float]:
    """Seconds by part of what `bench.parts` wrote for a service; what no task spent is the loop's and its sockets'."""
    parts: dict[Part, float] = defaultdict(float)
    for task, nanoseconds in written["tasks"].items():
        named = next((part for start, part in TASKS[service].items() if task.startswith(start)), None)
        parts[named or (Part.KAFKA if task.startswith(CLIENT) else Part.REST)] += nanoseconds / 1e9
    parts[Part.SOCKETS] += max(written["process"] / 1e9 - sum(parts.values()), 0.0)
    return parts


def of_statements(rows: Iterable[Mapping[str, Any]], cpu: float) -> dict[Part, float]:
    """`cpu` seconds of PostgreSQL shared out over `rows`: the statement's text (`query`), its role (`role`) and its `seconds`."""
    known = {service: _known(parts) for service, parts in STATEMENTS.items()}
    taken: dict[Part, float] = defaultdict(float)
    for row in rows:
        service = str(row["role"]).removeprefix("tact_")
        taken[known.get(service, {}).get(normalize_statement(row["query"]), Part.REST)] += row["seconds"]
    whole = sum(taken.values()) or 1.0
    return {part: cpu * taken[part] / whole for part in Part}


def _known(parts: Mapping[Part, tuple[str, ...]]) -> dict[str, Part]:
    """A lock that two parts of a service write in the same words counts for the first."""
    known: dict[str, Part] = {}
    for part, files in parts.items():
        for text in statements_of(files):
            known.setdefault(text, part)
    return known


def statements_of(files: Iterable[str]) -> list[str]:
    """The statements of these files, told apart by everything but their constants."""
    texts = []
    for file, _, only in (each.partition("#") for each in files):
        _, *named = _NAMED.split((REPOSITORY / file).read_text(encoding="utf-8"))
        texts += [text for name, text in zip(named[::2], named[1::2], strict=True) if only in {"", name}]
    return [normalize_statement(text) for text in texts]


def normalize_statement(text: str) -> str:
    """A statement without its constants, the same for the file's text and for what pg_stat_statements keeps of it."""
    return _LIST.sub("$", " ".join(_CONSTANT.sub("$", re.sub(r"--.*", "", text)).split())).rstrip("; ")
