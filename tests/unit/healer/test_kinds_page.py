"""The table of kinds that people read is the one that the healer works by."""

import re
from datetime import timedelta
from pathlib import Path

from services.healer.rules.repairs.finding_kinds import KINDS, Detection

PAGE = Path(__file__).resolve().parents[3] / "services/healer/README.md"
ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \| [^|]+ \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
UNITS = {"s": 1, "min": 60, "h": 3600}


def told() -> dict[str, str]:
    """Each kind of the page, with the words for the time within which it is seen."""
    return {kind: within for kinds, within in ROW.findall(PAGE.read_text(encoding="utf-8")) for kind in re.findall(r"`(\w+)`", kinds)}


def test_the_page_names_every_kind_and_none_that_is_not_there() -> None:
    assert set(told()) == set(KINDS)


def test_the_page_tells_the_time_within_which_each_kind_is_seen() -> None:
    for name, within in told().items():
        times = [timedelta(seconds=int(many) * UNITS[unit]) for many, unit in re.findall(r"(\d+) (s|min|h)\b", within)]
        kind = KINDS[name]
        assert kind.bound in times, f"{name}: {within}"
        assert kind.at_once is None or kind.at_once in times, f"{name}: {within}"
        assert max(times) == kind.bound or kind.found is Detection.TOLD, f"{name}: {within}"
