"""The report of an import: every refused row with its line and reason, as a CSV the user can mend and import again."""

import csv
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from services.queuer.rules.people.reader import Refusal
from shared.refusals import Refused

HEADER: Final = ("line", "reason", "row")


class ImportReport:
    """Opened before the first row is stored, so that an unwritable place stops the import and not its refusals.

    UTF-8 with a mark, because spreadsheets guess wrongly without one; bytes that were no text are shown as escapes.
    Values that a spreadsheet would run as a formula stand behind an apostrophe.

    Raises:
        Refused: the report cannot be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
        except OSError as error:
            raise Refused(f"The report of refused rows cannot be written to {path}: {error.strerror}. Name another place.") from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(HEADER)

    def add(self, refusal: Refusal) -> None:
        """Write one refused row."""
        raw = f"'{refusal.raw}" if refusal.raw.startswith(("=", "+", "-", "@", "\t")) else refusal.raw
        self._writer.writerow((refusal.line, refusal.reason, raw.replace("\x00", "\\x00")))

    def flush(self) -> None:
        """Let what was refused so far be on disk before the rows around it are committed."""
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
