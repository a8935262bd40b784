"""Dead letters over HTTP: what could not be read or handled. They hold data of every workspace, so only tokens of the platform see them."""

import base64
from collections import Counter
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel

from shared.kafka.dead_letter import DeadLetter, DeadLetterFault, DeadLetterReason, RecordPosition
from shared.kafka.dead_letter_reader import DeadLetterFilter, open_dead_letters
from shared.kafka.redrive import RedriveCase, load_cases
from shared.service.auth import Viewer
from shared.service.http import FAILURES, ApiError
from shared.service.process import Service

Word = Annotated[str | None, Query(min_length=1, max_length=250)]
OLDER = ("unreadable", "unknown")
"""Reasons of letters that an earlier version, or a person, wrote."""
KEPT = "`tact dead-letters list` shows those there are; they are kept 30 days."


class PutBack(BaseModel):
    """What is known of a letter's way back: new, open (a redrive was cut off) or done."""

    standing: str
    times: int
    at: datetime | None
    offset: int | None


class LetterOut(BaseModel):
    """One record that was set aside; its id is where it came from."""

    id: str
    topic: str
    place: str
    reason: str
    fault: str
    error: str
    at: datetime
    groups: list[str]
    size: int
    put_back: PutBack

    @classmethod
    def of(cls, case: RedriveCase) -> Self:
        """From the letter and what is known of it."""
        one = case.letter
        return cls(
            id=str(one.origin),
            topic=one.topic,
            place=str(one.place),
            reason=one.reason,
            fault=one.fault,
            error=one.error,
            at=one.at,
            groups=list(case.dead.groups),
            size=one.size,
            put_back=PutBack(standing=case.state.value, times=case.times, at=case.done_at, offset=case.put_offset),
        )


class Total(BaseModel):
    """How many there are of one topic, reason and fault."""

    letters: int
    topic: str
    reason: str
    fault: str


class Letters(BaseModel):
    """The newest first; `total` and `totals` count all that were asked for."""

    success: Literal[True] = True
    total: int
    totals: list[Total]
    letters: list[LetterOut]


class Header(BaseModel):
    """One header, as text."""

    name: str
    value: str | None


class WholeLetter(LetterOut):
    """With its key, headers and body as they came; `body_base64` is null when the topic does not keep the body any more."""

    key: str | None
    headers: list[Header]
    body: str | None
    body_base64: str | None

    @classmethod
    def opened(cls, case: RedriveCase, whole: DeadLetter | None) -> Self:
        """From the letter and its bytes, where they are still there."""
        plain = LetterOut.of(case).model_dump()
        if whole is None:
            return cls(**plain, key=None, headers=[], body=None, body_base64=None)
        return cls(
            **plain,
            key=_text(whole.key),
            headers=[Header(name=name, value=_text(value)) for name, value in whole.headers],
            body=_text(whole.value),
            body_base64=None if whole.value is None else base64.b64encode(whole.value).decode(),
        )


class OneLetter(BaseModel):
    """One of them."""

    success: Literal[True] = True
    letter: WholeLetter


def routes(service: Service) -> APIRouter:
    """/api/dead-letters. Putting them back is `tact dead-letters redrive`, which writes to Kafka itself."""
    router = APIRouter(prefix="/api/dead-letters", tags=["dead letters"], responses=FAILURES)

    @router.get("", summary="How many there are, and the newest of them")
    async def list_letters(
        caller: Viewer,
        *,
        topic: Word = None,
        reason: Word = None,
        fault: DeadLetterFault | None = None,
        group: Word = None,
        since: Annotated[datetime | None, Query(description="Set aside from then on; with its offset.")] = None,
        until: Annotated[datetime | None, Query(description="Set aside before then; with its offset.")] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 20,
    ) -> Letters:
        caller.require_platform("Dead letters")
        if any(at is not None and at.tzinfo is None for at in (since, until)):
            raise ApiError(422, "no_offset", "since and until need their offset: 2026-03-02T14:00Z.")
        if reason is not None and reason not in {*DeadLetterReason, *OLDER}:
            raise ApiError(422, "unknown_reason", f"{reason!r} is no reason; there are {', '.join(DeadLetterReason)}.")
        topic = topic.removesuffix(".dlq") if topic else None
        async with open_dead_letters(service.settings.kafka) as reader, service.pool.acquire() as connection:
            if topic is not None and not await reader.topics(topic):
                there = ", ".join(name.removesuffix(".dlq") for name in await reader.topics())
                raise ApiError(404, "unknown_topic", f"The broker has no topic {topic}.dlq. There are those of {there or 'none'}.")
            found = await load_cases(connection, await reader.find(DeadLetterFilter(topic, reason, fault, group, since, until)))
        counted = Counter((case.letter.topic, case.letter.reason, case.letter.fault) for case in found)
        return Letters(
            total=len(found),
            totals=[Total(letters=many, topic=one, reason=why, fault=whose) for (one, why, whose), many in counted.most_common()],
            letters=[LetterOut.of(case) for case in found[:limit]],
        )

    @router.get("/{letter_id}", summary="One of them with its headers and its body, as they came")
    async def one(letter_id: str, caller: Viewer) -> OneLetter:
        caller.require_platform("Dead letters")
        try:
            place = RecordPosition.parse(letter_id)
        except ValueError:
            raise ApiError(422, "no_letter", f"{letter_id!r} is no dead letter; the list shows them, like sends.due:3:1042.") from None
        async with open_dead_letters(service.settings.kafka) as reader, service.pool.acquire() as connection:
            wanted = DeadLetterFilter(topic=place.topic.removesuffix(".dlq"), origins=frozenset({place}))
            found = await load_cases(connection, await reader.find(wanted))
            if not found:
                raise ApiError(404, "unknown_letter", f"There is no dead letter {place}. {KEPT}")
            return OneLetter(letter=WholeLetter.opened(found[0], await reader.load_value(found[0].letter)))

    return router


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return repr(value)
