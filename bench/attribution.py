"""Which part of the way spent the CPU: the services' by task, PostgreSQL's by statement.

PostgreSQL's CPU time is shared out by the time its statements took (pg_stat_statements), which counts their waiting too.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

DISPATCH, KAFKA, BEGIN, HTTP, FINISH, REST = "dispatch", "Kafka", "begin", "HTTP", "finish", "rest"
PARTS: Final = (DISPATCH, KAFKA, BEGIN, HTTP, FINISH, REST)
TASKS: Final[Mapping[str, Mapping[str, str]]] = {
    "queuer": {"Jobs._run": DISPATCH, "LogicSubscriber": DISPATCH},
    "sender": {"LogicSubscriber": BEGIN, "Courier._carry": HTTP, "Finisher._write_on": FINISH, "Jobs._run": FINISH},
}
"""By service, how the name of a task's coroutine begins, and the part it works for. Jobs of the sender: the relay of its events."""
CLIENT: Final = ("Fetcher.", "AIOKafka", "Sender.", "GroupCoordinator.", "ClientRequest.", "Heads.")
"""Tasks of aiokafka, and the fence's own reader."""
REPOSITORY: Final = Path(__file__).resolve().parent.parent
BEGINS: Final = ("services/sender/store/ledger.sql",)
FINISHES: Final = ("services/sender/store/answers.sql",)
_NAMED = re.compile(r"^-- name: .*$", re.MULTILINE)
_CONSTANT = re.compile(r"'[^']*'|(?<!:):\w+|\$\d+|\b\d+(?:\.\d+)?\b")
"""What the server keeps no value of: strings, numbers, and parameters as we and as it write them."""


def of_service(service: str, written: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by part of what `bench.parts` wrote for a service; sockets' callbacks and the loop itself are the rest."""
    parts: dict[str, float] = defaultdict(float)
    for task, nanoseconds in written["tasks"].items():
        named = next((part for start, part in TASKS[service].items() if task.startswith(start)), None)
        parts[named or (KAFKA if task.startswith(CLIENT) else REST)] += nanoseconds / 1e9
    parts[REST] += max(written["process"] / 1e9 - sum(parts.values()), 0.0)
    return parts


def of_statements(rows: Iterable[Mapping[str, Any]], cpu: float) -> dict[str, float]:
    """`cpu` seconds of PostgreSQL shared out over `rows`: the statement's text (`query`), its role (`role`) and its `seconds`."""
    known = {text: part for part, files in ((BEGIN, BEGINS), (FINISH, FINISHES)) for text in statements_of(files)}
    taken: dict[str, float] = defaultdict(float)
    for row in rows:
        part = DISPATCH if str(row["role"]).endswith("queuer") else known.get(_plain(row["query"]), REST)
        taken[part] += row["seconds"]
    whole = sum(taken.values()) or 1.0
    return {part: cpu * taken[part] / whole for part in PARTS}


def statements_of(files: Iterable[str]) -> list[str]:
    """The statements of these files, told apart by everything but their constants."""
    texts = [text for file in files for text in _NAMED.split((REPOSITORY / file).read_text(encoding="utf-8"))[1:]]
    return [_plain(text) for text in texts]


def _plain(text: str) -> str:
    return " ".join(_CONSTANT.sub("$", re.sub(r"--.*", "", text)).split()).rstrip("; ")
