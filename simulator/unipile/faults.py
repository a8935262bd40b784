"""Failing on purpose: faults that hit matching calls, and holds that keep them waiting."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.unipile.world.people import Directory, SimulatedPerson
from simulator.unipile.world.refusals import DETAILS, STATUS, title_of

FaultName = Literal["timeout_after_effect", "timeout_before_effect", "cut_after_effect", "cut_before_effect", "status"]


class Match(BaseModel):
    """Which calls: every field that is given must fit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: str | None = Field(None, description='As the log writes it, for example "POST /users/invite".')
    action: Literal["invitation", "message", "profile_lookup", "withdrawal", "read", "other"] | None = None
    account_id: str | None = None
    recipient: str | None = Field(None, description="Vanity or internal id in any spelling.")


class FaultOrdered(BaseModel):
    """One fault as ordered by POST /_sim/faults. Without times and probability it strikes once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: Match = Match()
    fault: FaultName
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    type: str | None = None
    title: str | None = None
    detail: str | None = None
    effect: bool = Field(False, description='For "status": whether the call takes effect all the same.')
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="Per matching call; without times it never ends.")
    hang_s: Annotated[float, Field(ge=0)] = Field(60, description="Real seconds; afterwards the call is answered 504.")
    seed: int = 1

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.fault == "status" and self.status is None and (self.type is None or self.slug not in STATUS):
            raise ValueError('a "status" fault needs a status, or a type that UNIPILE §3.2 lists, such as errors/too_many_requests')
        return self

    @property
    def slug(self) -> str:
        """The type without its folder."""
        return (self.type or "errors/provider_error").removeprefix("errors/")

    def body(self) -> tuple[int, dict[str, object]]:
        """Status and body of a "status" fault, completed with the provider's own words."""
        status = self.status if self.status is not None else STATUS[self.slug]
        body: dict[str, object] = {"type": f"errors/{self.slug}", "title": self.title or title_of(self.slug)}
        detail = self.detail if self.detail is not None else DETAILS.get(self.slug)
        if detail is not None:
            body["detail"] = detail
        return status, body | {"status": status}


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a call the matching looks at."""

    route: str
    action: str
    account_id: str | None
    recipient: SimulatedPerson | None


@dataclass(slots=True)
class _Standing:
    id: int
    order: FaultOrdered
    left: int | None
    random: Random
    struck: int = 0


@dataclass(slots=True)
class _Held:
    match: Match
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0


class Faults:
    """The standing faults and holds, oldest first."""

    def __init__(self, people: Directory) -> None:
        self._people = people
        self._ids = count(1)
        self._standing: list[_Standing] = []
        self._holds: list[_Held] = []
        self.latency_ms = (0.0, 0.0)
        self._latency = Random(1)

    def add(self, order: FaultOrdered) -> int:
        """A fault from now on; answers its id."""
        left = order.times if order.times is not None or order.probability is not None else 1
        self._standing.append(_Standing(next(self._ids), order, left, Random(order.seed)))
        return self._standing[-1].id

    def clear(self) -> int:
        """No fault any more; answers how many there were."""
        gone, self._standing = len(self._standing), []
        return gone

    def listed(self) -> list[dict[str, object]]:
        """The standing faults with what is left of them."""
        return [{"id": one.id, "left": one.left, "struck": one.struck, **one.order.model_dump(exclude_none=True)} for one in self._standing]

    def pick(self, subject: Subject) -> FaultOrdered | None:
        """The first fault that strikes this call; spent ones leave the list."""
        if not self._standing:
            return None
        for one in self._standing:
            probability = one.order.probability
            if self._fits(one.order.match, subject) and (probability is None or one.random.random() < probability):
                one.struck += 1
                if one.left is not None:
                    one.left -= 1
                    if one.left == 0:
                        self._standing.remove(one)
                return one.order
        return None

    def hold(self, match: Match) -> None:
        """Matching calls wait before their effect from now on."""
        self._holds.append(_Held(match))

    def release(self) -> int:
        """Let all of them go, and hold nothing more; answers how many were waiting."""
        released = sum(held.waiting for held in self._holds)
        for held in self._holds:
            held.gate.set()
        self._holds = []
        return released

    def held(self) -> list[dict[str, object]]:
        """The holds with the number of calls that wait at each."""
        return [{"match": held.match.model_dump(exclude_none=True), "waiting": held.waiting} for held in self._holds]

    def gate_for(self, subject: Subject) -> _Held | None:
        """The hold this call waits at."""
        return next((held for held in self._holds if self._fits(held.match, subject)), None) if self._holds else None

    def draw_latency(self) -> float:
        """Real seconds this call takes on top."""
        least, most = self.latency_ms
        return self._latency.uniform(least, most) / 1000 if most else 0.0

    def _fits(self, match: Match, subject: Subject) -> bool:
        if match.recipient is not None and (subject.recipient is None or self._people.find(match.recipient) is not subject.recipient):
            return False
        return (
            match.route in (None, subject.route)
            and match.action in (None, subject.action)
            and match.account_id in (None, subject.account_id)
        )
