"""Channels to which a workspace's notices are delivered. A secret is stored, and read only to sign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.pool import Connection as OneConnection
from shared.db.queries import execute, fetch_all, fetch_one, fetch_value, load
from shared.db.statements import write_audit_line
from shared.notices.notice import TOLD_OF
from shared.vocabulary import NoticeKind, NoticeMedium

queries = load(__file__)

Connection = OneConnection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class NoticeChannel:
    """One channel as stored, without its secret."""

    id: UUID
    workspace_id: UUID
    name: str
    medium: NoticeMedium
    target: str
    kinds: Sequence[NoticeKind]
    enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as its table holds it."""

    id: UUID
    workspace_id: UUID
    name: str
    medium: NoticeMedium
    target: str
    kinds: list[str]
    every_kind: bool
    enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelToCreate:
    """A channel to be made."""

    workspace_id: UUID
    name: str
    medium: NoticeMedium
    target: str
    secret: str | None = field(repr=False)
    kinds: Sequence[NoticeKind]


class NameTaken(Exception):  # noqa: N818 - reads as what happened
    """Another channel of the workspace has the name."""


async def workspace_exists(connection: Connection, workspace_id: UUID) -> bool:
    """Is there such a workspace?"""
    return bool(await fetch_value(connection, queries.workspace_exists, bool, workspace_id=workspace_id))


async def insert_channel(connection: Connection, wanted: ChannelToCreate) -> NoticeChannel | None:
    """Make one; None when the name is taken."""
    row = await fetch_one(
        connection,
        queries.add_channel,
        ChannelRow,
        workspace_id=wanted.workspace_id,
        name=wanted.name,
        medium=wanted.medium.value,
        target=wanted.target,
        secret=wanted.secret,
        kinds=[kind.value for kind in wanted.kinds],
        every_kind=covers_every_kind(wanted.kinds),
    )
    return None if row is None else _build_channel(row)


async def fetch_by_name(connection: Connection, workspace_id: UUID, name: str) -> NoticeChannel | None:
    """The channel of that name."""
    row = await fetch_one(connection, queries.by_name, ChannelRow, workspace_id=workspace_id, name=name)
    return None if row is None else _build_channel(row)


async def fetch_by_id(connection: Connection, channel_id: UUID, *, workspace_id: UUID | None) -> NoticeChannel | None:
    """The channel, of `workspace_id` if that is given."""
    row = await fetch_one(connection, queries.by_id, ChannelRow, channel_id=channel_id, workspace_id=workspace_id)
    return None if row is None else _build_channel(row)


async def list_channels(connection: Connection, *, workspace_id: UUID | None, after: UUID | None, most: int) -> list[NoticeChannel]:
    """A page in order of id."""
    return [
        _build_channel(row)
        for row in await fetch_all(connection, queries.list_channels, ChannelRow, workspace_id=workspace_id, after=after, most=most)
    ]


async def update_channel(
    connection: Connection,
    channel_id: UUID,
    *,
    name: str | None,
    target: str | None,
    secret: str | None,
    kinds: Sequence[NoticeKind] | None,
    enabled: bool | None,
) -> NoticeChannel | None:
    """Change what is given; None when it is gone meanwhile.

    Raises:
        NameTaken: another channel has the name.
    """
    try:
        row = await fetch_one(
            connection,
            queries.change_channel,
            ChannelRow,
            channel_id=channel_id,
            name=name,
            target=target,
            secret=secret,
            kinds=None if kinds is None else [kind.value for kind in kinds],
            every_kind=None if kinds is None else covers_every_kind(kinds),
            enabled=enabled,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "notice_channels_name_unique":
            raise
        raise NameTaken from None
    return None if row is None else _build_channel(row)


async def remove_channel(connection: Connection, channel_id: UUID, *, workspace_id: UUID | None) -> NoticeChannel | None:
    """Remove it; None when it is not there."""
    row = await fetch_one(connection, queries.remove_channel, ChannelRow, channel_id=channel_id, workspace_id=workspace_id)
    return None if row is None else _build_channel(row)


async def give_up_waiting(connection: Connection, channel_id: UUID, *, why: str) -> None:
    """Nothing that waits for the channel is tried any more."""
    await execute(connection, queries.give_up_waiting, channel_id=channel_id, error=why)


async def record_audit(connection: OneConnection, channel: NoticeChannel, *, actor: str, verb: str, details: Mapping[str, Any]) -> None:
    """Leave a line in the audit log, in the caller's transaction."""
    await write_audit_line(connection, actor, verb, "notice_channel", channel.id, workspace_id=channel.workspace_id, details=details)


def covers_every_kind(kinds: Sequence[NoticeKind]) -> bool:
    """Is that every kind there is? Such a channel is told of kinds that later versions bring, too."""
    return set(kinds) >= set(TOLD_OF)


def _build_channel(row: ChannelRow) -> NoticeChannel:
    kinds = TOLD_OF if row.every_kind else tuple(NoticeKind(kind) for kind in row.kinds)
    return NoticeChannel(row.id, row.workspace_id, row.name, row.medium, row.target, kinds, row.enabled, row.created_at)
