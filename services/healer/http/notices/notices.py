"""A workspace's notices: where it wants to be told, and what it was told. No answer but that of making a secret shows one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.healer.store.notices import channels, notices
from services.healer.store.notices.channels import NoticeChannel
from services.healer.store.notices.notices import NoticeEntry
from services.healer.workflows.notices import channels as verbs
from services.healer.workflows.notices.channels import ChannelPolicy
from services.healer.workflows.notices.deliver import Deliver
from shared.notices.addresses import mask_target
from shared.service.auth import Caller, Operator, Viewer, tenant_transaction
from shared.service.http import FAILURES
from shared.service.process import Service
from shared.vocabulary import DeliveryState, NoticeKind, NoticeMedium

Secret = Annotated[str, Field(max_length=200, description="whsec_ and the base64 of 24 to 64 bytes; absent: one is made.")]
Kinds = Annotated[
    list[NoticeKind],
    Field(min_length=1, max_length=50, description="What to be told of; absent: everything, also what later versions tell of."),
]


class NewChannel(BaseModel):
    """A channel to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "ops", "medium": "webhook", "target": "https://example.com/tact"}]},
    )

    workspace_id: UUID | None = Field(None, description="Only for tokens that are bound to no workspace.")
    name: str
    medium: NoticeMedium
    target: str = Field(description="An address of the web for webhook and slack, of mail for email.")
    kinds: Kinds | None = None
    secret: Secret | None = None


class ChannelChange(BaseModel):
    """What is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    target: str | None = None
    kinds: Kinds | None = None
    enabled: bool | None = Field(None, description="Switched off: nothing is sent, and what waits is given up.")
    secret: Secret | None = None
    new_secret: bool = Field(False, description="Make a new secret and show it, once.")


class ChannelOut(BaseModel):
    """A channel; of its target only what is no secret is shown."""

    id: UUID
    workspace_id: UUID
    name: str
    medium: NoticeMedium
    target: str
    kinds: Sequence[NoticeKind]
    enabled: bool
    created_at: datetime

    @classmethod
    def of(cls, channel: NoticeChannel) -> Self:
        """From the stored row."""
        return cls(
            id=channel.id,
            workspace_id=channel.workspace_id,
            name=channel.name,
            medium=channel.medium,
            target=mask_target(channel.medium, channel.target),
            kinds=channel.kinds,
            enabled=channel.enabled,
            created_at=channel.created_at,
        )


class DeliveryOut(BaseModel):
    """How a notice fared on one channel. `id` is what the receiver saw as webhook-id."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel_id: UUID
    channel_name: str
    medium: NoticeMedium
    state: DeliveryState
    attempts: int
    next_at: datetime = Field(description="The next try, while it waits.")
    last_status: int | None
    last_error: str | None
    delivered_at: datetime | None


class NoticeOut(BaseModel):
    """One thing people were told."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    workspace_id: UUID
    kind: NoticeKind
    subject: str
    text: str
    details: dict[str, Any]
    happened_at: datetime
    created_at: datetime
    deliveries: list[DeliveryOut]

    @classmethod
    def of(cls, entry: NoticeEntry) -> Self:
        """From the log's line."""
        return cls.model_validate(entry)


class OneChannel(BaseModel):
    """A channel; `secret` stands here once, when it was made."""

    success: Literal[True] = True
    channel: ChannelOut
    secret: str | None = None


class Channels(BaseModel):
    """A page; `next` is the `after` of the page that follows."""

    success: Literal[True] = True
    channels: list[ChannelOut]
    next: UUID | None


class Tested(BaseModel):
    """How the test ended; `waiting` when another process has it in hand."""

    success: Literal[True] = True
    delivery: DeliveryOut


class Notices(BaseModel):
    """A page, newest first; `next` is the `before` of the page that follows."""

    success: Literal[True] = True
    notices: list[NoticeOut]
    next: int | None


def routes(service: Service, readers: asyncpg.Pool, *, deliver: Deliver, terms: ChannelPolicy) -> APIRouter:
    """/api/notices."""
    router = APIRouter(tags=["notices"], responses=FAILURES)

    @router.get("/api/notices", summary="What people were told, and how it reached them")
    async def list_notices(
        caller: Viewer,
        *,
        workspace_id: UUID | None = None,
        before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
        kind: NoticeKind | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> Notices:
        async with tenant_transaction(readers, caller) as connection:
            found = await notices.fetch_log(connection, workspace_id=_whose(caller, workspace_id), before=before, kind=kind, most=limit)
        return Notices(notices=[NoticeOut.of(entry) for entry in found], next=found[-1].id if len(found) == limit else None)

    @router.get("/api/notices/channels", summary="Where people are told")
    async def list_channels(
        caller: Viewer, workspace_id: UUID | None = None, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Channels:
        async with tenant_transaction(readers, caller) as connection:
            found = await channels.list_channels(connection, workspace_id=_whose(caller, workspace_id), after=after, most=limit)
        return Channels(channels=[ChannelOut.of(each) for each in found], next=found[-1].id if len(found) == limit else None)

    @router.get("/api/notices/channels/{channel_id}", summary="One channel")
    async def get_channel(channel_id: UUID, caller: Viewer) -> OneChannel:
        async with tenant_transaction(readers, caller) as connection:
            return OneChannel(channel=ChannelOut.of(await verbs.get_channel(connection, channel_id, workspace_id=caller.workspace_id)))

    @router.post(
        "/api/notices/channels",
        status_code=201,
        summary="Make a channel; the same one again answers 200 and shows no secret",
        responses={200: {"model": OneChannel}},
    )
    async def add_channel(body: NewChannel, caller: Operator, response: Response) -> OneChannel:
        kept = await verbs.add_channel(
            service.pool,
            terms,
            workspace_id=caller.own(body.workspace_id),
            name=body.name,
            medium=body.medium,
            target=body.target,
            kinds=body.kinds,
            secret=body.secret,
            actor=caller.actor,
        )
        response.status_code = 201 if kept.created else 200
        return OneChannel(channel=ChannelOut.of(kept.channel), secret=kept.secret)

    @router.patch("/api/notices/channels/{channel_id}", summary="Change a channel, or make it a new secret")
    async def change_channel(channel_id: UUID, body: ChannelChange, caller: Operator) -> OneChannel:
        given = {name: getattr(body, name) for name in body.model_fields_set}
        kept = await verbs.change_channel(
            service.pool,
            terms,
            channel_id,
            workspace_id=caller.workspace_id,
            actor=caller.actor,
            **{k: v for k, v in given.items() if v is not None},
        )
        return OneChannel(channel=ChannelOut.of(kept.channel), secret=kept.secret)

    @router.delete("/api/notices/channels/{channel_id}", summary="Remove a channel; its log stays")
    async def remove_channel(channel_id: UUID, caller: Operator) -> OneChannel:
        removed = await verbs.remove_channel(service.pool, channel_id, workspace_id=caller.workspace_id, actor=caller.actor)
        return OneChannel(channel=ChannelOut.of(removed))

    @router.post("/api/notices/channels/{channel_id}/test", summary="Send a test now, once, and say how it ended")
    async def test_channel(channel_id: UUID, caller: Operator) -> Tested:
        delivery_id = await verbs.create_test(service.pool, service.clock, channel_id, workspace_id=caller.workspace_id)
        await deliver.at_once(delivery_id)
        return Tested(delivery=DeliveryOut.model_validate(await notices.fetch_delivery(service.pool, delivery_id)))

    return router


def _whose(caller: Caller, workspace_id: UUID | None) -> UUID | None:
    return caller.own(workspace_id) if workspace_id else caller.workspace_id
