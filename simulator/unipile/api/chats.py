"""Chats, messages and attendees (UNIPILE §2.3)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from simulator.unipile.api import shapes
from simulator.unipile.api.call import Act, ApiAnswer, ApiCall, account_in
from simulator.unipile.api.paging import OffsetPage, PageRequest
from simulator.unipile.api.reading import account_id_of, form_of, json_of, optional, required
from simulator.unipile.world.accounts import Chat, Message, SimulatedAccount
from simulator.unipile.world.ids import is_classic
from simulator.unipile.world.refusals import ID_FORMAT, refuse
from simulator.unipile.world.world import World


class Chats:
    """Conversations as an account sees them."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def start(self, call: ApiCall) -> Act:
        """POST /chats: writes into the one chat the two have, or opens it."""
        form = await form_of(call.request, json_too=self._world.behaviour.chats_json == "accept")
        call.account_id = required(form.get("account_id"), "account_id")
        call.text = required(form.get("text"), "text")
        _refuse_inmail(form)
        match form["attendees_ids"]:
            case [str(provider_id)] if is_classic(provider_id):
                call.recipient = self._world.people.find_or_make(provider_id, self._world.behaviour)
            case []:
                raise refuse("missing_parameters", "attendees_ids is required.")
            case [_, _, *_]:
                raise refuse("feature_not_implemented", "The simulator knows no group chats: send one attendees_ids.")
            case _:
                raise refuse("invalid_parameters", ID_FORMAT)

        def act(now: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            message = self._world.write(account, self._world.person(provider_id), call.text or "", now)
            call.done(message.id, now, message.chat)
            message_id = None if self._world.behaviour.null_message_ids else message.id
            return ApiAnswer(201, {"object": "ChatStarted", "chat_id": message.chat.id, "message_id": message_id})

        return act

    async def send(self, call: ApiCall) -> Act:
        """POST /chats/{id}/messages."""
        form = await form_of(call.request, json_too=self._world.behaviour.chats_json == "accept")
        call.text = required(form.get("text"), "text")
        chat = self._chat(call.request, optional(form.get("account_id"), "account_id"))
        call.account_id, call.chat, call.recipient = chat.account.id, chat, chat.person

        def act(now: datetime) -> ApiAnswer:
            message = self._world.write(account_in(self._world, call), chat.person, call.text or "", now)
            call.done(message.id, now, chat)
            return ApiAnswer(201, {"object": "MessageSent", "message_id": None if self._world.behaviour.null_message_ids else message.id})

        return act

    async def list_chats(self, call: ApiCall) -> Act:
        """GET /chats."""
        asked = PageRequest.of(call.request)
        call.account_id = _one(asked.accounts())
        unread = asked.filters.get("unread")
        if unread not in (None, "true", "false"):
            raise refuse("invalid_parameters", "unread must be true or false.")

        def keep(chat: Chat) -> bool:
            return unread is None or (chat.unread > 0) == (unread == "true")

        def act(_: datetime) -> ApiAnswer:
            lists = [account.chats for account in self._accounts(asked)]
            page, cursor = asked.page(lists, at=lambda chat: chat.last_at, name=lambda chat: chat.id, keep=keep)
            return ApiAnswer(200, {"object": "ChatList", "items": [shapes.chat(one) for one in page], "cursor": cursor})

        return act

    async def get(self, call: ApiCall) -> Act:
        """GET /chats/{id}."""
        chat = self._called(call)

        def act(_: datetime) -> ApiAnswer:
            account_in(self._world, call)
            last = chat.messages[-1] if chat.messages else None
            return ApiAnswer(200, shapes.chat(chat) | {"lastMessage": shapes.message(last) if last else None})

        return act

    async def patch(self, call: ApiCall) -> Act:
        """PATCH /chats/{id}: read, muted, archived, pinned."""
        body = await json_of(call.request)
        action = required(body.get("action"), "action")
        value = body.get("value")
        if action not in ("setReadStatus", "setMuteStatus", "setArchiveStatus", "setPinnedStatus"):
            raise refuse("invalid_action", "action must be setReadStatus, setMuteStatus, setArchiveStatus or setPinnedStatus.")
        if not isinstance(value, bool):
            raise refuse("invalid_parameters", "value must be true or false.")
        chat = self._called(call)

        def act(_: datetime) -> ApiAnswer:
            account_in(self._world, call)
            match action:
                case "setReadStatus":
                    chat.unread = 0 if value else max(1, chat.unread)
                case "setMuteStatus":
                    chat.muted = value
                case "setArchiveStatus":
                    chat.archived = value
                case _:
                    chat.pinned = value
            return ApiAnswer(200, {"object": "ChatPatched"})

        return act

    async def chat_messages(self, call: ApiCall) -> Act:
        """GET /chats/{id}/messages, newest first."""
        asked = PageRequest.of(call.request)
        chat = self._called(call)

        def act(_: datetime) -> ApiAnswer:
            account_in(self._world, call)
            return self._messages(asked, [chat.messages])

        return act

    async def messages(self, call: ApiCall) -> Act:
        """GET /messages of one account or of all."""
        asked = PageRequest.of(call.request)
        call.account_id = _one(asked.accounts())
        return lambda _: self._messages(asked, [account.messages for account in self._accounts(asked)])

    async def chat_attendees(self, call: ApiCall) -> Act:
        """GET /chats/{id}/attendees: the member and ourselves."""
        chat = self._called(call)

        def act(_: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            items = [self._attendee(account, chat), self._self(account)]
            return ApiAnswer(200, {"object": "ChatAttendeeList", "items": items, "cursor": None})

        return act

    async def attendees(self, call: ApiCall) -> Act:
        """GET /chat_attendees: all people that an account has a chat with."""
        call.account_id = account_id_of(call.request)
        asked = OffsetPage.of(call.request)

        def act(_: datetime) -> ApiAnswer:
            account = account_in(self._world, call)
            page, more = asked.newest_first(account.chats)
            return ApiAnswer(200, {"object": "ChatAttendeeList", "items": [self._attendee(account, one) for one in page], "cursor": more})

        return act

    def _called(self, call: ApiCall) -> Chat:
        chat = self._chat(call.request, call.request.query.get("account_id"))
        call.account_id, call.chat, call.recipient = chat.account.id, chat, chat.person
        return chat

    def _chat(self, request: web.Request, account_id: str | None) -> Chat:
        chat_id = request.match_info["id"]
        chat = self._world.chats.get(chat_id)
        account = self._world.accounts.get(account_id or "")
        if chat is None and account is not None and chat_id.startswith("2-"):
            chat = next((one for one in account.chats if one.provider_id == chat_id), None)
        if chat is None or (account_id is not None and chat.account.id != account_id):
            raise refuse("resource_not_found", "Chat not found")
        return chat

    def _accounts(self, asked: PageRequest) -> list[SimulatedAccount]:
        named = asked.accounts()
        if named:
            return [self._world.account(one) for one in dict.fromkeys(named)]
        return [account for account in self._world.accounts.values() if account.connected]

    def _messages(self, asked: PageRequest, lists: Iterable[list[Message]]) -> ApiAnswer:
        sender = asked.filters.get("sender_id")

        def keep(message: Message) -> bool:
            person = message.chat.account.owner if message.mine else message.chat.person
            return sender is None or sender == person.provider_id

        page, cursor = asked.page(list(lists), at=lambda one: one.at, name=lambda one: f"{one.order:012d}", keep=keep)
        return ApiAnswer(200, {"object": "MessageList", "items": [shapes.message(one) for one in page], "cursor": cursor})

    def _attendee(self, account: SimulatedAccount, chat: Chat) -> dict[str, object]:
        pending = self._world.bond(account, chat.person).pending is not None
        return shapes.attendee(account, chat.person, self._world.distance(account, chat.person), pending, self._world.behaviour)

    def _self(self, account: SimulatedAccount) -> dict[str, object]:
        return shapes.attendee(account, account.owner, "SELF", False, self._world.behaviour)


def _refuse_inmail(form: dict[str, Any]) -> None:
    """InMail needs a product no simulated account has."""
    if str(form.get("linkedin[inmail]", "")).lower() == "true" or form.get("linkedin[api]") in ("recruiter", "sales_navigator"):
        raise refuse("feature_not_subscribed")


def _one(accounts: list[str]) -> str | None:
    return accounts[0] if len(accounts) == 1 else None
