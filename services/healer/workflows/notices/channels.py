"""Make, change, test and remove the channels of a workspace; every deed leaves a line in the audit log."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from services.healer.rules.notices import notice_texts as rules
from services.healer.store.notices import channels, notices
from services.healer.store.notices.channels import ChannelToCreate, NoticeChannel
from shared.notices import store as telling
from shared.notices.addresses import AddressError, check_mail, check_url
from shared.notices.deliveries import PREFIX, SecretError, decode_secret
from shared.notices.notice import TOLD_OF, one_line
from shared.notices.sender import NO_MAIL
from shared.refusals import Conflict, NotFound, Refused
from shared.runtime.clock import StackClock
from shared.vocabulary import NoticeKind, NoticeMedium

LONGEST_NAME: Final = 100  # characters
SECRET_BYTES: Final = 32
NOW: Final = timedelta(0)
TEST_HELD: Final = timedelta(seconds=60)
"""Technical: a test is delivered by the request that created it; if its process dies, the job delivers it after this time."""


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """What the healer's settings allow."""

    mail: bool
    private: bool


@dataclass(frozen=True, slots=True)
class ChannelWithSecret:
    """A channel, and its secret in the one moment at which it is told."""

    channel: NoticeChannel
    secret: str | None = field(default=None, repr=False)
    created: bool = False


async def add_channel(
    pool: asyncpg.Pool,
    terms: ChannelPolicy,
    *,
    workspace_id: UUID,
    name: str,
    medium: NoticeMedium,
    target: str,
    kinds: Sequence[NoticeKind] | None = None,
    secret: str | None = None,
    actor: str = "command line",
) -> ChannelWithSecret:
    """Make a channel; the same values again are the same row, and then no secret is told. `kinds` None: all, those of later
    versions as well.

    Raises:
        Refused: a value cannot be used.
        Conflict: the name is taken by one with other values.
        NotFound: there is no such workspace.
    """
    if secret is not None and medium is not NoticeMedium.WEBHOOK:
        raise Refused(f"A channel of the kind {medium} is not signed; leave the secret out.")
    own_secret = _secret(secret) if medium is NoticeMedium.WEBHOOK else None
    wanted = ChannelToCreate(
        workspace_id=workspace_id,
        name=_name(name),
        medium=medium,
        target=_target(target, medium, terms),
        secret=own_secret,
        kinds=_kinds(kinds),
    )
    async with pool.acquire() as connection, connection.transaction():
        if not await channels.workspace_exists(connection, workspace_id):
            raise NotFound(f"There is no workspace {workspace_id}.", code="unknown_workspace")
        made = await channels.insert_channel(connection, wanted)
        if made is not None:
            details = {"name": made.name, "medium": medium.value, "kinds": [kind.value for kind in made.kinds]}
            await channels.record_audit(connection, made, actor=actor, verb="add", details=details)
            return ChannelWithSecret(made, own_secret, created=True)
        stored = await channels.fetch_by_name(connection, workspace_id, wanted.name)
    same = stored is not None and (stored.medium, stored.target, set(stored.kinds)) == (medium, wanted.target, set(wanted.kinds))
    if stored is None or not same or secret is not None:
        raise Conflict(f"The workspace has a channel {wanted.name!r} already; change that one, or choose another name.", code="conflict")
    return ChannelWithSecret(stored)


async def change_channel(
    pool: asyncpg.Pool,
    terms: ChannelPolicy,
    channel_id: UUID,
    *,
    workspace_id: UUID | None = None,
    name: str | None = None,
    target: str | None = None,
    kinds: Sequence[NoticeKind] | None = None,
    enabled: bool | None = None,
    secret: str | None = None,
    new_secret: bool = False,
    actor: str = "command line",
) -> ChannelWithSecret:
    """Change what is given. `new_secret` makes one and tells it; what waits is signed with it from then on.

    Raises:
        Refused: a value cannot be used.
        Conflict: the name is another channel's.
        NotFound: there is none.
    """
    async with pool.acquire() as connection, connection.transaction():
        stored = await get_channel(connection, channel_id, workspace_id=workspace_id)
        if (secret is not None or new_secret) and stored.medium is not NoticeMedium.WEBHOOK:
            raise Refused(f"A channel of the kind {stored.medium} is not signed; leave the secret out.")
        own_secret = _secret(secret) if secret is not None or new_secret else None
        try:
            changed = await channels.update_channel(
                connection,
                channel_id,
                name=None if name is None else _name(name),
                target=None if target is None else _target(target, stored.medium, terms),
                secret=own_secret,
                kinds=None if kinds is None else _kinds(kinds),
                enabled=enabled,
            )
        except channels.NameTaken:
            raise Conflict(f"Another channel of the workspace is called {name!r}; choose another name.", code="conflict") from None
        if changed is None:
            raise _channel_not_found(channel_id)
        if enabled is False:
            await channels.give_up_waiting(connection, channel_id, why="The channel was switched off.")
        given = {"name": name, "target": target, "kinds": kinds, "enabled": enabled, "secret": own_secret}
        await channels.record_audit(
            connection, changed, actor=actor, verb="change", details={"changed": [k for k, v in given.items() if v is not None]}
        )
    return ChannelWithSecret(changed, own_secret)


async def remove_channel(
    pool: asyncpg.Pool, channel_id: UUID, *, workspace_id: UUID | None = None, actor: str = "command line"
) -> NoticeChannel:
    """Remove a channel; what waits for it is given up, and its log stays.

    Raises:
        NotFound: there is none.
    """
    async with pool.acquire() as connection, connection.transaction():
        removed = await channels.remove_channel(connection, channel_id, workspace_id=workspace_id)
        if removed is None:
            raise _channel_not_found(channel_id)
        await channels.give_up_waiting(connection, channel_id, why="The channel was removed.")
        await channels.record_audit(connection, removed, actor=actor, verb="remove", details={"name": removed.name})
    return removed


async def create_test(
    pool: asyncpg.Pool, clock: StackClock, channel_id: UUID, *, workspace_id: UUID | None = None, hold: timedelta = TEST_HELD
) -> UUID:
    """Write a test notice for one channel; returns its delivery, which is tried once.

    Raises:
        NotFound: there is none.
        Conflict: it is switched off.
    """
    async with pool.acquire() as connection, connection.transaction():
        channel = await get_channel(connection, channel_id, workspace_id=workspace_id)
        if not channel.enabled:
            raise Conflict(f"The channel {channel.name!r} is switched off; switch it on, then test it.", code="disabled")
        notice = rules.word_test(
            workspace_id=channel.workspace_id, channel_id=channel.id, channel_name=channel.name, test_id=uuid4(), at=clock.now()
        )
        notice_id = await telling.insert_notice(connection, notice, told=True)
        if notice_id is None:
            raise Conflict("Another test has the same number; test again.", code="conflict")
        return await notices.insert_delivery(connection, notice_id, channel.id, hold=hold)


async def get_channel(connection: channels.Connection, channel_id: UUID, *, workspace_id: UUID | None) -> NoticeChannel:
    """One channel, of `workspace_id` if that is given.

    Raises:
        NotFound: there is none.
    """
    found = await channels.fetch_by_id(connection, channel_id, workspace_id=workspace_id)
    if found is None:
        raise _channel_not_found(channel_id)
    return found


def _name(name: str) -> str:
    plain = one_line(name)
    if not plain or plain != name.strip() or len(plain) > LONGEST_NAME:
        raise Refused(f"A channel's name is one line of at most {LONGEST_NAME} characters, and not empty.")
    return plain


def _target(target: str, medium: NoticeMedium, terms: ChannelPolicy) -> str:
    try:
        if medium is NoticeMedium.EMAIL:
            if not terms.mail:
                raise Refused(NO_MAIL, code="no_mail_server")
            return check_mail(target)
        return check_url(target, private=terms.private)
    except AddressError as error:
        raise Refused(str(error), code="address") from None


def _kinds(kinds: Sequence[NoticeKind] | None) -> list[NoticeKind]:
    wanted = list(dict.fromkeys(TOLD_OF if kinds is None else kinds))
    if not wanted or NoticeKind.TEST in wanted:
        raise Refused(f"Name at least one kind of notice; there are {', '.join(TOLD_OF)}.")
    return wanted


def _secret(given: str | None) -> str:
    if given is None:
        return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    try:
        decode_secret(given)
    except SecretError as error:
        raise Refused(str(error), code="secret") from None
    return given


def _channel_not_found(channel_id: UUID) -> NotFound:
    return NotFound(f"There is no channel {channel_id}; `tact notices list` shows those there are.", code="unknown_channel")
