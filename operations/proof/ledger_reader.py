"""The ledger's rows in one snapshot of the database, read through cursors, so that memory does not grow with the ledger."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from operations.proof.scope import ProofScope
from shared.db.pool import Connection
from shared.db.queries import fetch_all, fetch_column, fetch_one, fetch_value, load, require_one, stream
from shared.ledger.facts import AttemptFacts
from shared.refusals import Refused

queries = load(__file__)

ACCOUNTS_AT_ONCE: Final = 200
FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """An account or a campaign."""

    id: UUID
    name: str
    workspace_id: UUID


@dataclass(frozen=True, slots=True)
class SealingRow:
    """How far the ledger is sealed."""

    sealed_to: int
    newest: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class SpanRow:
    """A campaign's first and last decision."""

    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class ProvenAttempt(AttemptFacts):
    """An attempt with its send, its message and its last link; those three only where it is `wanted`, otherwise it is context."""

    wanted: bool
    link_no: int | None
    sealed_form: int | None
    sealed_facts: str | None
    send_row: UUID | None
    send_status: str | None
    send_account: UUID | None
    sent_at: datetime | None
    message_id: UUID | None
    message_account: UUID | None
    provider_message_id: str | None
    said_sha256: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link of an account's chain, with its attempt's row and what was sealed of the same attempt before."""

    account_id: UUID
    link_no: int
    attempt_id: int
    form: int
    facts: str
    hash: bytes
    sealed_at: datetime
    wanted: bool
    row_id: int | None
    row_account: UUID | None
    earlier: str | None


@dataclass(frozen=True, slots=True)
class HeadRow:
    """What an account's head says, and where its chain ends."""

    account_id: UUID
    links: int | None
    head: bytes | None
    link_no: int | None
    hash: bytes | None


@dataclass(frozen=True, slots=True)
class SentRow:
    """A send that says it has left, and how many accepted attempts say so too."""

    id: UUID
    account_id: UUID
    sent_at: datetime
    accepted: int


@dataclass(frozen=True, slots=True)
class UsageRow:
    """An account's use of an action on one day, and its invitations by hand."""

    account_id: UUID
    local_date: date
    action: str
    used: int
    by_hand: int


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """What was set for an account and its workspace, as it is and as it was until it changed."""

    account_id: UUID
    workspace_id: UUID
    account: dict[str, Any]
    workspace: dict[str, Any]
    known_since: datetime | None
    account_was: list[dict[str, Any]] | None
    workspace_was: list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """The accepted attempt of a send."""

    id: int
    send_id: UUID
    account_id: UUID
    provider_ref: str | None
    answered_at: datetime | None
    looked_up: bool


@asynccontextmanager
async def snapshot(pool: asyncpg.Pool) -> AsyncIterator["Reading"]:
    """Everything read in one moment: a row and its link are of the same one."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield Reading(connection)


class Reading:
    """The queries of ledger_reader.sql on one snapshot."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.sealed_to = 0
        self.queued: frozenset[int] = frozenset()
        self.now: datetime

    async def learn(self) -> None:
        """How far the ledger is sealed, and what waits to be.

        Raises:
            Refused: there are no seals yet.
        """
        row = await fetch_one(self.connection, queries.sealing, SealingRow)
        if row is None or (row.newest is not None and row.sealed_to == 0):
            raise Refused("The ledger is not sealed yet: the sender does it every second. Is one of this version running?")
        self.sealed_to, self.now = row.sealed_to, row.now
        self.queued = frozenset(await fetch_column(self.connection, queries.queued, int))

    async def find(self, *, account: str | None, campaign: str | None) -> tuple[NamedRecord | None, NamedRecord | None]:
        """The account and the campaign that these words mean.

        Raises:
            Refused: there is none, several, or they belong to different workspaces.
        """
        found_account = found_campaign = None
        if account is not None:
            found_account = _require_one(
                await fetch_all(self.connection, queries.account_of, NamedRecord, word=account), "account", account
            )
        if campaign is not None:
            found_campaign = _require_one(
                await fetch_all(self.connection, queries.campaign_of, NamedRecord, word=campaign), "campaign", campaign
            )
        if found_account and found_campaign and found_account.workspace_id != found_campaign.workspace_id:
            raise Refused(f"Account '{account}' and campaign '{campaign}' belong to different workspaces: nothing of one is in the other.")
        return found_account, found_campaign

    async def campaign_scope(self, campaign: NamedRecord, scope: ProofScope) -> tuple[list[UUID], ProofScope]:
        """The campaign's accounts, and the scope bounded by its first and its last attempt."""
        if scope.account is not None:
            accounts = [scope.account]
        else:
            accounts = await fetch_column(
                self.connection, queries.accounts_of_campaign, UUID, workspace_id=campaign.workspace_id, campaign_id=campaign.id
            )
        span = await require_one(self.connection, queries.span_of_campaign, SpanRow, account_ids=accounts, campaign_id=campaign.id)
        last = span.last + timedelta(microseconds=1) if span.last else self.now
        bounded = ProofScope(
            account=scope.account, campaign=campaign.id, day=scope.day, campaign_from=span.first or self.now, campaign_to=last
        )
        return accounts, bounded

    async def account_batches(self, only: Sequence[UUID] | None) -> AsyncIterator[list[UUID]]:
        """Those accounts, else all, in order of id."""
        if only is not None:
            for first in range(0, len(only), ACCOUNTS_AT_ONCE):
                yield sorted(only)[first : first + ACCOUNTS_AT_ONCE]
            return
        after = FIRST
        while batch := await fetch_column(self.connection, queries.account_ids, UUID, after=after, most=ACCOUNTS_AT_ONCE):
            yield batch
            after = batch[-1]

    def attempts(self, accounts: Sequence[UUID], scope: ProofScope) -> AsyncIterator[ProvenAttempt]:
        """Attempts by account and moment, those before the scope for context."""
        since, until = scope.window
        return stream(
            self.connection,
            queries.attempts,
            ProvenAttempt,
            account_ids=list(accounts),
            day=scope.day,
            campaign=scope.campaign,
            since=since,
            context=scope.context,
            until=until,
        )

    def links(self, accounts: Sequence[UUID], scope: ProofScope) -> AsyncIterator[LinkRow]:
        """Links by account and number."""
        if scope.whole:
            return stream(self.connection, queries.chains, LinkRow, account_ids=list(accounts))
        since, until = scope.window
        return stream(self.connection, queries.parts_of_chains, LinkRow, account_ids=list(accounts), since=since, until=until)

    async def heads(self, accounts: Sequence[UUID]) -> list[HeadRow]:
        """What the heads of these accounts say, and where their chains end."""
        return await fetch_all(self.connection, queries.heads, HeadRow, account_ids=list(accounts))

    async def link_hash_at(self, account_id: UUID, link_no: int) -> bytes | None:
        """The hash of one link."""
        return await fetch_value(self.connection, queries.link_hash_at, bytes, account_id=account_id, link_no=link_no)

    async def ref_was_seen(self, account_id: UUID, provider_ref: str) -> bool:
        """Whether the provider's list showed an invitation by that reference."""
        return bool(await fetch_value(self.connection, queries.ref_was_seen, bool, account_id=account_id, provider_ref=provider_ref))

    def sent_without_attempt(
        self, accounts: Sequence[UUID], *, since: datetime, until: datetime, campaign: UUID | None
    ) -> AsyncIterator[SentRow]:
        """Sends that say they have left and have no accepted attempt, or several."""
        return stream(
            self.connection, queries.sent_without_attempt, SentRow, account_ids=list(accounts), since=since, until=until, campaign=campaign
        )

    def usage(self, accounts: Sequence[UUID], day: date | None) -> AsyncIterator[UsageRow]:
        """The counters of these accounts."""
        return stream(self.connection, queries.usage, UsageRow, account_ids=list(accounts), day=day)

    async def settings(self, accounts: Sequence[UUID]) -> list[SettingsRow]:
        """The settings of these accounts over time."""
        return await fetch_all(self.connection, queries.settings, SettingsRow, account_ids=list(accounts))

    async def on_their_way(self) -> frozenset[UUID]:
        """Sends whose events have not left for the topic yet."""
        return frozenset(await fetch_column(self.connection, queries.on_their_way, UUID))

    async def first_made(self, accounts: Sequence[UUID], since: datetime, until: datetime) -> datetime | None:
        """When the first of these attempts was made, technical time."""
        return await fetch_value(self.connection, queries.first_made, datetime, account_ids=list(accounts), since=since, until=until)


def _require_one(found: Sequence[NamedRecord], kind: str, word: str) -> NamedRecord:
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"Several {kind}s are called '{word}'; give the id: {', '.join(str(row.id) for row in found)}.")
    raise Refused(f"There is no {kind} '{word}'. `tact {kind} list` shows those there are.")
