"""Intents, answers, sends, messages and use: what one fact wrote in several places must agree."""

from collections import Counter
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from operations.proof.ledger_reader import ProvenAttempt, Reading
from operations.proof.scope import ProofScope
from operations.proof.violations import Found

SPOKEN: Final = frozenset({"invitation", "message", "email"})
"""Actions that carry a message to a person; the others are a look-up and an invitation taken back."""
LATE: Final = timedelta(minutes=10)


def attempt_is_whole(found: Found, row: ProvenAttempt) -> None:
    """One attempt with its send and its message."""
    name = f"send_attempts {row.id}"
    if not row.decided_at < row.valid_until:
        found.add("intents", name, says=f"decided {row.decided_at}, valid until {row.valid_until}", should="decided before it ends")
    if row.send_row is None:
        found.add("intents", name, says=f"send {row.send_id}", should="a send that is there")
    if row.answered_at is not None and row.answered_at < row.decided_at - timedelta(seconds=5) and row.evidence is None:
        found.add("answers", name, says=f"answered {row.answered_at}", should=f"after its decision, {row.decided_at}")
    if row.state == "accepted":
        _accepted(found, name, row)
    elif row.message_id is not None:
        found.add(
            "answers",
            f"campaign_messages {row.message_id}",
            says=f"said by attempt {row.id}",
            should=f"no message: the attempt is {row.state}",
        )
    if row.state == "not_happened" and not row.given_back:
        found.add("usage", name, says="not_happened, use not given back", should="given back")


def _accepted(found: Found, name: str, row: ProvenAttempt) -> None:
    if row.answered_at is None:
        found.add("answers", name, says="accepted, no answered_at", should="the moment of the provider's answer")
    if row.action == "profile_lookup":
        return
    if row.send_row is not None and row.send_status != "sent":
        found.add("sends", f"send_queue {row.send_id}", says=row.send_status, should=f"sent: attempt {row.id} was accepted")
    if row.action not in SPOKEN:
        return
    if row.provider_ref is None and row.evidence is None:
        found.add("answers", name, says="accepted, no provider_ref", should="the provider's reference, or the evidence that it took place")
    if row.message_id is None:
        found.add("answers", name, says="accepted, nothing in campaign_messages", should="the message it said")
        return
    said = f"campaign_messages {row.message_id}"
    if row.message_account != row.account_id:
        found.add("answers", said, says=f"account_id {row.message_account}", should=f"{row.account_id}, as attempt {row.id}")
    if row.message_sha256 is not None and row.said_sha256 is not None and row.said_sha256 != row.message_sha256:
        found.add(
            "answers",
            said,
            says=f"words with SHA-256 {row.said_sha256[:16]}…",
            should=f"{row.message_sha256[:16]}…, as decided in attempt {row.id}",
        )
    renamed = row.action == "invitation"  # a list may know it by another id later
    if not renamed and row.provider_ref is not None and row.provider_message_id not in {None, row.provider_ref}:
        found.add(
            "answers",
            said,
            says=f"provider_message_id {row.provider_message_id}",
            should=f"{row.provider_ref}, as attempt {row.id}",
        )


async def sends_have_attempts(found: Found, reading: Reading, accounts: list[UUID], scope: ProofScope) -> None:
    """Every sent row has one accepted attempt."""
    since, until = scope.window
    until += LATE if scope.campaign_to or scope.day else timedelta()
    async for row in reading.sent_without_attempt(accounts, since=since, until=until, campaign=scope.campaign):
        found.add("sends", f"send_queue {row.id}", says=f"sent {row.sent_at}, {row.accepted} accepted attempts", should="one")


class Use:
    """What the attempts of one account add up to, by day and action."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[UUID, date, str]] = Counter()

    def see(self, row: ProvenAttempt) -> None:
        """One attempt."""
        if not row.given_back:
            self.counted[row.account_id, row.counted_on, row.action] += 1

    async def compare(self, found: Found, reading: Reading, accounts: list[UUID], scope: ProofScope) -> None:
        """Each counter is what the ledger and the invitations by hand add up to."""
        async for row in reading.usage(accounts, scope.day):
            by_us = self.counted.pop((row.account_id, row.local_date, row.action), 0)
            found.looked_at["days"] += 1
            if row.used != by_us + row.by_hand:
                by_hand = f" and {row.by_hand} by hand" if row.by_hand else ""
                found.add(
                    "usage",
                    _usage(row.account_id, row.local_date, row.action),
                    says=f"used {row.used}",
                    should=f"{by_us + row.by_hand}: {by_us} attempts{by_hand}",
                )
        for (account, day, action), count in self.counted.items():
            found.add("usage", _usage(account, day, action), says="no such row", should=f"used {count}")
        self.counted.clear()


def _usage(account: object, day: object, action: object) -> str:
    return f"account_usage {account} {day} {action}"
