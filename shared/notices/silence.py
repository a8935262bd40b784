"""The notice that no healer is alive: the queuer sends it meanwhile, and lists of alerts show it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shared.notices.notice import Notice, moment, subject
from shared.vocabulary import NoticeKind

ALERT: Final = "healer_silent"
"""The alert's kind."""
SINCE: Final = "silent_since"
"""In its evidence: when a healer said last that it lives (technical)."""


def describe_silence(evidence: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, what is so, and what to do: a phrase and two sentences."""
    since = moment(datetime.fromisoformat(str(evidence[SINCE])))
    return (
        "The healer is silent",
        f"No healer has been alive since {since} (real time): corrupted rows are not repaired, attempts with an unknown outcome wait, "
        "and you get no other notices. Sends continue, and nothing is sent twice.",
        "An administrator sees with `tact status` what is down, and starts it.",
    )


def word_silence(alert_id: int, silent_since: datetime, *, workspace_id: UUID, now: datetime) -> Notice:
    """The notice for one workspace; the healer, who tells of every other alert, would write the same. `now` is business time."""
    evidence = {SINCE: silent_since.astimezone(UTC).isoformat()}
    what, so, todo = describe_silence(evidence)
    return Notice(
        workspace_id=workspace_id,
        kind=NoticeKind.INTEGRITY_ALERT,
        dedupe_key=f"{NoticeKind.INTEGRITY_ALERT.value}:{alert_id}:{workspace_id}",
        about=workspace_id,
        subject=subject(what),
        text=f"{so}\n{todo}",
        details={"alert_id": alert_id, "alert": ALERT, "about": "", "evidence": evidence},
        happened_at=now,
    )
