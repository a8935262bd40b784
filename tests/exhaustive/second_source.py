"""The dates that the calendar's tests hold, compared with a second source: npm's `date-holidays`, which shares no data with
Python's `holidays`.

`python -m tests.exhaustive.second_source` fetches it into a temporary folder (it needs npm), names every date on which the two
differ without a reason told in TOLD, and answers 1 if there is one. It is no part of the suite, which needs Python alone.
"""

import json
import subprocess
import sys
import tempfile
from typing import Final

from tests.unit.shared.calendar.official_days import OFFICIAL

SECOND: Final = "date-holidays@3.37.0"
TOLD: Final = {
    "CN 2026-02-19": "the third day of the new year; the second source has only the first two",
    "CN 2026-02-20": "given in exchange by the State Council's list of the year; the second source knows no exchanges",
    "CN 2026-04-06": "given for Qingming on a Sunday; the second source knows no exchanges",
    "KR 2026-02-16": "the eve of Seollal; the second source begins its three days on the day itself",
    "KR 2026-02-19": "the same three days, one too late",
    "AE 2026-12-03": "the second of two days of Eid Al Etihad, which the second source counts as one",
    "AE 2027-12-03": "the same",
}
ASK: Final = """
const Holidays = require('date-holidays'), DAY = 864e5
const days = {}
for (const country of JSON.parse(require('fs').readFileSync(0))) {
  const known = new Holidays(...country.split('-')), off = days[country] = []
  for (const year of [2025, 2026, 2027])
    for (const { type, date, start, end } of known.getHolidays(year))
      if (type === 'public' || type === 'bank')
        for (let nth = 0; nth < Math.max(1, Math.round((end - start) / DAY)); nth++)
          off.push([new Date(Date.parse(date.slice(0, 10) + 'T00:00Z') + nth * DAY).toISOString().slice(0, 10), type])
}
console.log(JSON.stringify(days))
"""
"""Days and kinds by country. A day that banks alone have counts for what must be closed, never against what must be open."""


def ask() -> dict[str, list[tuple[str, str]]]:
    """`country -> [(day, kind)]` of the second source; CalledProcessError when npm cannot fetch it or node cannot run it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", SECOND], cwd=folder, check=True)  # noqa: S603, S607
        countries = json.dumps([official.country for official in OFFICIAL])
        asked = subprocess.run(["node", "-e", ASK], cwd=folder, input=countries, capture_output=True, text=True, check=True)  # noqa: S603, S607
    days: dict[str, list[tuple[str, str]]] = json.loads(asked.stdout)
    return days


def differences(days: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
    """`"COUNTRY DAY" -> what the test holds against the second source`."""
    found: dict[str, str] = {}
    for official in OFFICIAL:
        some = {day for day, _ in days[official.country]}
        public = {day for day, kind in days[official.country] if kind == "public"}
        found |= {f"{official.country} {day}": "closed here, a working day there" for day in official.off.split() if day not in some}
        found |= {f"{official.country} {day}": "a working day here, closed there" for day in official.on.split() if day in public}
    return found


def main() -> int:
    """Print what differs and the count; 1 when a difference has no reason."""
    compared = sum(len(f"{official.off} {official.on}".split()) for official in OFFICIAL)
    found = differences(ask())
    for date, how in found.items():
        sys.stdout.write(f"{date}: {how}: {TOLD.get(date, 'NO REASON IS TOLD')}\n")
    unexplained = len(found.keys() - TOLD)
    sys.stdout.write(f"{compared} dates of {len(OFFICIAL)} countries and regions, {len(found)} differ, {unexplained} without a reason\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
