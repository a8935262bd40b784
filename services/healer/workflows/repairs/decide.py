"""A person's word on a finding: apply its repair, leave the row as it is, or take a repair back. Made once; the first word stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

from services.healer.rules.repairs.finding_kinds import KINDS
from services.healer.store.repairs import repairs
from services.healer.store.repairs.repairs import StoredFinding
from services.healer.workflows.unknown_attempts.resolve import LONGEST_REASON
from shared.notices.notice import one_line
from shared.refusals import Conflict, NotFound, Refused


class FindingAction(StrEnum):
    """What a person may say."""

    APPLY = "apply"
    REFUSE = "refuse"
    UNDO = "undo"


FROM: Final[Mapping[FindingAction, frozenset[str]]] = {
    FindingAction.APPLY: frozenset({"open", "proposed"}),
    FindingAction.REFUSE: frozenset({"open", "proposed"}),
    FindingAction.UNDO: frozenset({"repaired"}),
}
REFUSED: Final[Mapping[str, str]] = {
    "changed": "The row is not as it was found any more; look at it again, what is wrong then is found anew.",
    "gone": "The row is not there any more.",
    "later_attempt": "Something has left since, or may have: an attempt of this person is newer than the finding. Nothing was changed.",
    "nothing": "There is nothing of ours that mends this; its `why` says what a person can do. Refuse it once it is dealt with.",
    "closed": "Another decision came first; show the finding again.",
}


@dataclass(frozen=True, slots=True)
class DecidedFinding:
    """The finding as it is now; `changed` is false where this only showed what would happen."""

    finding: StoredFinding
    changed: bool


async def get_finding(connection: Any, finding: int, *, workspace_id: UUID | None = None) -> StoredFinding:
    """One finding.

    Raises:
        NotFound: there is none that may be seen.
    """
    row = await repairs.fetch_finding(connection, finding)
    if row is None or (workspace_id is not None and row.workspace_id != workspace_id):
        raise NotFound(f"There is no finding {finding}.")
    return row


async def decide_finding(
    pool: asyncpg.Pool,
    finding: int,
    word: FindingAction,
    *,
    actor: str,
    reason: str = "",
    workspace_id: UUID | None = None,
    apply: bool = True,
) -> DecidedFinding:
    """Do what the person says, in one transaction with its trace; without `apply` only check that it could be.

    Raises:
        NotFound: there is none in this workspace.
        Conflict: it was decided already, the row has changed, or the rows refuse it; nothing was changed.
        Refused: a refusal without a reason.
    """
    said = one_line(reason)[:LONGEST_REASON]
    if word is FindingAction.REFUSE and not said:
        raise Refused("Give a reason for leaving the row as it is: the audit log keeps it.", code="reason_missing")
    async with pool.acquire() as connection, connection.transaction():
        row = await get_finding(connection, finding, workspace_id=workspace_id)
        if row.state not in FROM[word]:
            raise Conflict(f"Finding {finding} is {row.state}; it can be {_past(word)} only while it is {' or '.join(sorted(FROM[word]))}.")
        if word is FindingAction.APPLY and not row.changes:
            raise Conflict(f"{REFUSED['nothing']} ({row.why or explain_person_needed(row.kind)})")
        if not apply:
            return DecidedFinding(row, changed=False)
        await _apply_action(connection, finding, word, actor=actor, reason=said)
        return DecidedFinding(await get_finding(connection, finding), changed=True)


async def _apply_action(connection: Any, finding: int, word: FindingAction, *, actor: str, reason: str) -> None:
    if word is FindingAction.REFUSE:
        if not await repairs.refuse_repair(connection, finding, actor=actor, reason=reason):
            raise Conflict(REFUSED["closed"])
        return
    try:
        answer = await repairs.apply_or_undo(connection, finding, undo=word is FindingAction.UNDO, actor=actor)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise Conflict(f"The rows refuse it, and nothing was changed: {error}") from error
    if answer in REFUSED:
        raise Conflict(REFUSED[answer])


def explain_person_needed(kind: str) -> str:
    """Why a kind needs a person, in words; empty where it does not."""
    known = KINDS.get(kind)
    return (known.person if known else None) or ""


def _past(word: FindingAction) -> str:
    return {FindingAction.APPLY: "applied", FindingAction.REFUSE: "refused", FindingAction.UNDO: "undone"}[word]
