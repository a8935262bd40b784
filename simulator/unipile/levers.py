"""The levers under /_sim: what a test or an operator may look at, break and make happen. Loopback only."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from simulator.unipile.api.front import Front
from simulator.unipile.faults import FaultOrdered, Faults, Match
from simulator.unipile.log import Log
from simulator.unipile.webhooks import WebhookDelivery
from simulator.unipile.world.accounts import SimulatedAccount
from simulator.unipile.world.behaviour import Behaviour
from simulator.unipile.world.declared import AccountDeclared, PersonDeclared
from simulator.unipile.world.moments import iso
from simulator.unipile.world.people import SimulatedPerson
from simulator.unipile.world.refusals import RefusalError
from simulator.unipile.world.world import World

Model = TypeVar("Model")
Done = dict[str, object]
Lever = Callable[[web.Request, datetime], Awaitable[Done]]

WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
ACCOUNTS = TypeAdapter(AccountDeclared | list[AccountDeclared])
PEOPLE = TypeAdapter(PersonDeclared | list[PersonDeclared])


class _Ordered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Between(_Ordered):
    """An account, and what is said; the person stands in the path."""

    account_id: str
    text: str | None = None


class ByHand(_Ordered):
    """What the member does in LinkedIn itself, past Unipile."""

    account_id: str
    person: str
    text: str | None = None


class Latency(_Ordered):
    """Real milliseconds on top of every call."""

    ms_min: Annotated[float, Field(ge=0)] = 0
    ms_max: Annotated[float, Field(ge=0)] = 0


class StatusWord(_Ordered):
    """What the account_status webhook says."""

    message: str | None = None


class HoldOrdered(_Ordered):
    """Which calls wait."""

    match: Match = Match()


class Levers:
    """One method per lever; each gets the business time and answers a JSON object."""

    def __init__(self, *, world: World, front: Front, faults: Faults, log: Log, webhooks: WebhookDelivery) -> None:
        self._world, self._front, self._faults, self._log, self._webhooks = world, front, faults, log, webhooks

    def register(self, app: web.Application) -> None:
        """All of /_sim; must come before the catch-all."""
        table: list[tuple[str, str, Lever]] = [
            ("GET", "/state", self.state),
            ("POST", "/accounts", self.accounts),
            ("POST", "/accounts/{id}/disconnect", self.disconnect),
            ("POST", "/accounts/{id}/reconnect", self.reconnect),
            ("POST", "/people", self.people),
            ("POST", "/people/{id}/{deed:accept|ignore|withdraw|reply|invite}", self.person_does),
            ("POST", "/invite-by-hand", self.invite_by_hand),
            ("POST", "/write-by-hand", self.write_by_hand),
            ("POST", "/faults", self.add_fault),
            ("GET", "/faults", self.list_faults),
            ("DELETE", "/faults", self.clear_faults),
            ("POST", "/hold", self.hold),
            ("GET", "/hold", self.held),
            ("POST", "/release", self.release),
            ("POST", "/latency", self.latency),
            ("GET", "/behaviour", self.behaviour),
            ("PUT", "/behaviour", self.behave),
        ]
        for method, path, lever in table:
            app.router.add_route(method, f"/_sim{path}", self._handler(lever))
        app.router.add_get("/_sim/log", self._raw(self.log))
        app.router.add_get("/_sim/effects", self._raw(self.effects))

    async def state(self, _: web.Request, now: datetime) -> Done:
        """What there is."""
        accounts = self._world.accounts.values()
        return {
            "business_now": iso(now),
            "seed": self._world.seed,
            "accounts": [self._account(account) for account in accounts],
            "people": len(self._world.people),
            "invitations_pending": sum(len(account.pending) for account in accounts),
            "chats": len(self._world.chats),
            "messages": sum(len(account.messages) for account in accounts),
            "events_due": len(self._world.agenda),
            "webhooks": len(self._webhooks.registered),
            "calls_under_way": self._front.under_way,
            "log_seq": self._log.last_seq,
        }

    async def accounts(self, request: web.Request, now: datetime) -> Done:
        """Declare one account or a list."""
        given = await _read(request, ACCOUNTS)
        made = [self._world.declare_account(one, now) for one in (given if isinstance(given, list) else [given])]
        return {"items": [self._account(account) for account in made]}

    async def people(self, request: web.Request, now: datetime) -> Done:
        """Declare one person or a list; the answer tells their ids."""
        given = await _read(request, PEOPLE)
        made = [self._world.declare_person(one, now) for one in (given if isinstance(given, list) else [given])]
        items = [
            {"public_identifier": one.public_id, "provider_id": one.provider_id, "sales_navigator_id": f"ACw{one.tail}"} for one in made
        ]
        return {"items": items}

    async def disconnect(self, request: web.Request, now: datetime) -> Done:
        """Unipile loses its session with LinkedIn."""
        account, word = self._named(request.match_info["id"]), (await _read(request, TypeAdapter(StatusWord))).message or "CREDENTIALS"
        self._world.set_status(account, "CREDENTIALS", word, now)
        self._log.fact("disconnected", now, account.id, note=word)
        return self._account(account)

    async def reconnect(self, request: web.Request, now: datetime) -> Done:
        """And has it again; the webhooks it missed follow."""
        account, word = self._named(request.match_info["id"]), (await _read(request, TypeAdapter(StatusWord))).message or "RECONNECTED"
        self._world.set_status(account, "OK", word, now)
        self._log.fact("reconnected", now, account.id, note=word)
        return self._account(account)

    async def person_does(self, request: web.Request, now: datetime) -> Done:
        """Make it happen now: accept, ignore, reply, invite us; or the account takes its invitation back."""
        order = await _read(request, TypeAdapter(Between))
        account, person = self._named(order.account_id), self._person(request.match_info["id"])
        match request.match_info["deed"]:
            case "accept":
                self._world.accept(account, person, now)
            case "ignore":
                self._world.ignore(account, person, now)
            case "withdraw":
                pending = self._world.bond(account, person).pending
                self._world.withdraw(account, pending.id if pending else "none pending", now)
            case "reply":
                text = order.text if order.text is not None else person.reply_text(self._world.behaviour)
                return {"message_id": self._world.reply(account, person, text, now).id}
            case _:
                return {"invitation_id": self._world.receive_invitation(account, person, order.text, now).id}
        return {"done": True}

    async def invite_by_hand(self, request: web.Request, now: datetime) -> Done:
        """The member invites a person in LinkedIn itself: our side never sent it, and the list shows it all the same."""
        order = await _read(request, TypeAdapter(ByHand))
        account, person = self._named(order.account_id), self._person(order.person)
        return {"invitation_id": self._world.invite(account, person, order.text, now, by_hand=True).id}

    async def write_by_hand(self, request: web.Request, now: datetime) -> Done:
        """The member writes to a relation in LinkedIn itself."""
        order = await _read(request, TypeAdapter(ByHand))
        account, person = self._named(order.account_id), self._person(order.person)
        return {"message_id": self._world.write(account, person, order.text or "Hello", now, by_hand=True).id}

    async def add_fault(self, request: web.Request, _: datetime) -> Done:
        """A fault from now on."""
        return {"id": self._faults.add(await _read(request, TypeAdapter(FaultOrdered)))}

    async def list_faults(self, _: web.Request, __: datetime) -> Done:
        """What stands and what is left of it."""
        return {"items": self._faults.listed()}

    async def clear_faults(self, _: web.Request, __: datetime) -> Done:
        """None any more."""
        return {"cleared": self._faults.clear()}

    async def hold(self, request: web.Request, _: datetime) -> Done:
        """Matching calls wait before their effect from now on."""
        self._faults.hold((await _read(request, TypeAdapter(HoldOrdered))).match)
        return {"items": self._faults.held()}

    async def held(self, _: web.Request, __: datetime) -> Done:
        """How many wait."""
        return {"items": self._faults.held()}

    async def release(self, _: web.Request, __: datetime) -> Done:
        """Let them go."""
        return {"released": self._faults.release()}

    async def latency(self, request: web.Request, _: datetime) -> Done:
        """Real milliseconds for every call."""
        order = await _read(request, TypeAdapter(Latency))
        if order.ms_max < order.ms_min:
            raise _bad("ms_max must not be smaller than ms_min")
        self._faults.latency_ms = (order.ms_min, order.ms_max)
        return order.model_dump()

    async def behaviour(self, _: web.Request, __: datetime) -> Done:
        """The block as it is."""
        return self._world.behaviour.model_dump(mode="json")

    async def behave(self, request: web.Request, _: datetime) -> Done:
        """Change what is named, keep the rest."""
        given = await _json(request)
        if not isinstance(given, dict):
            raise _bad("behaviour must be a JSON object")
        old = self._world.behaviour.model_dump()
        if isinstance(given.get("delivery"), dict):
            given["delivery"] = old["delivery"] | given["delivery"]
        self._world.behaviour = _valid(TypeAdapter(Behaviour), old | given)
        return self._world.behaviour.model_dump(mode="json")

    def log(self, request: web.Request) -> list[bytes]:
        """Entries after a number, narrowed by kind, action and account."""
        query = request.query
        return self._log.entries(
            after=_number(query.get("after")) or 0,
            kind=query.get("kind"),
            action=query.get("action"),
            account_id=query.get("account_id"),
            limit=_number(query.get("limit")),
        )

    def effects(self, request: web.Request) -> list[bytes]:
        """Only the calls that changed the world."""
        return self._log.effects(action=request.query.get("action"), account_id=request.query.get("account_id"))

    def _handler(self, lever: Lever) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            _loopback_only(request)
            now = await self._front.now()
            try:
                done = await lever(request, now)
            except RefusalError as refusal:
                raise _bad(f"{refusal.title}. {refusal.detail or ''}".strip()) from None
            except ValueError as error:
                raise _bad(str(error)) from None
            return web.Response(body=orjson.dumps(done), content_type="application/json")

        return handle

    def _raw(self, read: Callable[[web.Request], list[bytes]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            _loopback_only(request)
            await self._front.now()  # what is due belongs into the answer
            items = b",".join(read(request))
            body = b'{"items":[' + items + b'],"last_seq":' + str(self._log.last_seq).encode() + b"}"
            return web.Response(body=body, content_type="application/json")

        return handle

    def _named(self, account_id: str) -> SimulatedAccount:
        account = self._world.accounts.get(account_id)
        if account is None:
            raise _bad(f"no account {account_id}: declare it first with POST /_sim/accounts", status=404)
        return account

    def _person(self, identifier: str) -> SimulatedPerson:
        person = self._world.people.find_or_make(identifier, self._world.behaviour)
        if person is None:
            raise _bad(f"there is no person {identifier}: declare them first with POST /_sim/people", status=404)
        return person

    def _account(self, account: SimulatedAccount) -> Done:
        return {
            "id": account.id,
            "name": account.name,
            "type": account.type,
            "country": account.country,
            "status": account.status,
            "provider_user_id": account.owner.provider_id,
            "public_identifier": account.owner.public_id,
            "relations": len(account.relations),
            "invitations_pending": len(account.pending),
            "invitations_received": len(account.received),
            "chats": len(account.chats),
            "messages": len(account.messages),
        }


def _loopback_only(request: web.Request) -> None:
    if not ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104 -- stands for an unknown peer
        raise _bad("the levers answer on the loopback address only", status=403)


def _bad(sentence: str, *, status: int = 400) -> web.HTTPException:
    body = orjson.dumps({"error": sentence}).decode()
    kinds = {400: web.HTTPBadRequest, 403: web.HTTPForbidden, 404: web.HTTPNotFound}
    return kinds[status](text=body, content_type="application/json")


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not WHOLE_NUMBER.fullmatch(text):
        raise _bad("after and limit must be whole numbers")
    return int(text)


async def _json(request: web.Request) -> object:
    body = await request.read()
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise _bad("the body is not valid JSON") from None


async def _read(request: web.Request, model: TypeAdapter[Model]) -> Model:
    return _valid(model, await _json(request))


def _valid(model: TypeAdapter[Model], given: object) -> Model:
    try:
        return model.validate_python(given)
    except ValidationError as error:
        raise _bad(sentence_of(error)) from None


def sentence_of(error: ValidationError) -> str:
    """Every wrong field with its reason, in one line."""
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors())
