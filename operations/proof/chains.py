"""The chains: each link hangs on the one before, each row says what its last link says, and each head is where its chain ends."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from operations.proof.ledger_reader import LinkRow, ProvenAttempt, Reading
from operations.proof.scope import ProofScope
from operations.proof.violations import Found
from shared.ledger.chain import NOTHING, Head, link_hash
from shared.ledger.facts import FORM, UnreadableFactsError, differing, encode_facts, read_facts, unlawful


class ChainWalk:
    """Follows links by account and number, whole chains or the parts that are asked about."""

    def __init__(self, found: Found, reading: Reading, scope: ProofScope) -> None:
        self._found = found
        self._reading = reading
        self._scope = scope
        self._before: LinkRow | None = None

    async def see(self, link: LinkRow) -> None:
        """One link after those before it."""
        self._hangs_on_the_one_before(link)
        self._before = link
        if not link.wanted:
            return
        try:
            says = read_facts(link.form, link.facts)
            was = read_facts(link.form, link.earlier) if link.earlier is not None else None
        except UnreadableFactsError as error:
            self._found.add("chain", _link(link), says=error, should="the facts of an attempt")
            return
        if not self._asked_about(says):
            return
        self._found.looked_at["links"] += 1
        await self._names_a_row(link, says)
        if was is not None:
            await self._is_a_change_of_ours(link, was, says)

    def _hangs_on_the_one_before(self, link: LinkRow) -> None:
        before = self._before if self._before is not None and self._before.account_id == link.account_id else None
        last = before.link_no if before else 0
        follows = link.link_no == last + 1
        if not follows:
            if self._scope.whole or link.wanted:
                self._found.add("chain", _link(link), says=f"follows link {last or 'none'}", should=f"link {link.link_no - 1} before it")
            return
        expected = link_hash(
            before.hash if before else NOTHING,
            account_id=link.account_id,
            link_no=link.link_no,
            attempt_id=link.attempt_id,
            form=link.form,
            facts=link.facts,
            sealed_at=link.sealed_at,
        )
        if expected != link.hash:
            self._found.add(
                "chain",
                _link(link),
                says=f"hash {link.hash.hex()[:16]}…",
                should=f"{expected.hex()[:16]}… over its facts and the link before",
            )

    def _asked_about(self, says: Mapping[str, Any]) -> bool:
        scope = self._scope
        return (scope.campaign is None or says["campaign_id"] == str(scope.campaign)) and (
            scope.day is None or says["counted_on"] == scope.day.isoformat()
        )

    async def _names_a_row(self, link: LinkRow, says: Mapping[str, Any]) -> None:
        if link.row_id is None:
            gone = f"sealed {says['state']} {says['action']} of send {says['send_id']}, decided {says['decided_at']}"
            self._found.add("chain", f"send_attempts {link.attempt_id}", says="no such row", should=gone)
        elif link.row_account != link.account_id:
            self._found.add("chain", f"send_attempts {link.attempt_id}", says=f"account_id {link.row_account}", should=link.account_id)

    async def _is_a_change_of_ours(self, link: LinkRow, was: Mapping[str, Any], says: Mapping[str, Any]) -> None:
        wrong = unlawful(was, says)
        if wrong == ["provider_ref"] and says["provider_ref"] is not None:
            seen = await self._reading.ref_was_seen(link.account_id, says["provider_ref"])
            wrong = [] if seen else wrong
        for name in wrong:
            self._found.add("chain", _link(link), says=f"{name} became {says[name]}", should=f"{was[name]}: nothing of ours changes that")


def row_is_as_sealed(found: Found, reading: Reading, row: ProvenAttempt) -> bool:
    """Compare a row of `attempts` with its last link; True where it waits to be sealed."""
    name = f"send_attempts {row.id}"
    if row.state == "intent" or row.id in reading.queued:
        return True
    if row.sealed_facts is None or row.sealed_form is None:
        if row.id <= reading.sealed_to:
            found.add("chain", name, says="no link in its account's chain", should=f"one: the ledger is sealed up to {reading.sealed_to}")
        return int(row.id) > reading.sealed_to
    try:
        sealed = read_facts(row.sealed_form, row.sealed_facts)
        now = read_facts(FORM, encode_facts(row))
    except UnreadableFactsError:
        return False  # its link is named by the walk
    for field in differing(sealed, now):
        found.add("chain", name, says=f"{field} {now[field]}", should=f"{sealed[field]}, as link {row.link_no} sealed it")
    return False


async def heads(found: Found, reading: Reading, accounts: list[UUID]) -> list[tuple[UUID, Head]]:
    """Where these accounts' chains end; a head that says otherwise is a break."""
    ends = []
    for row in await reading.heads(accounts):
        there = Head(row.link_no or 0, row.hash or NOTHING)
        said = Head(row.links or 0, row.head or NOTHING)
        if there != said:
            found.add(
                "chain",
                f"account_seals {row.account_id}",
                says=f"{said.links} links, head {said.hash.hex()[:16]}…",
                should=f"{there.links}, {there.hash.hex()[:16]}…, where the chain ends",
            )
        if there.links:
            ends.append((row.account_id, there))
    return ends


async def kept(found: Found, reading: Reading, account_id: UUID, head: Head) -> None:
    """Whether the chain still holds the link whose hash was kept outside the database."""
    there = await reading.link_hash_at(account_id, head.links)
    if there != head.hash:
        says = f"hash {there.hex()[:16]}…" if there else "no such link"
        found.add(
            "chain", f"attempt_seals {account_id} link {head.links}", says=says, should=f"{head.hash.hex()[:16]}…, the head that was kept"
        )


def _link(link: LinkRow) -> str:
    return f"attempt_seals {link.account_id} link {link.link_no} (attempt {link.attempt_id})"
