"""The provider's routes as methods, for what the sender, the poller and the healer need.

Every method asks once and within one deadline; callers decide what comes after a failure, from `error.finding`. Reads
and writes differ in one thing: a write that got no clear answer may have happened. Source: UNIPILE.md §2.
"""

import copy
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from shared.unipile.errors import ProviderRefused
from shared.unipile.findings import CallSubject
from shared.unipile.models import (
    ChatStarted,
    InvitationCanceled,
    InvitationSent,
    ListedChat,
    ListedMessage,
    ListedRelation,
    PendingInvitation,
    Profile,
    ProviderAccount,
    ProviderPage,
    RegisteredWebhook,
    WebhookCreated,
    WebhookDeleted,
    WebhookHeader,
)
from shared.unipile.registrations import WebhookChanges, body_of, others, plan
from shared.unipile.wire import ModelT, ProviderCall, Wire

RESERVED: Final = frozenset({"profile", "me", "relations", "invite"})
"""Not people: words of the route itself. `profile` answers with one unrelated person for every account (UNIPILE.md §2.1)."""

MOST_RELATIONS: Final = 1000
MOST: Final = 250
"""Largest pages the provider gives: relations, and everything else."""


class UnusableIdentifierError(ValueError):
    """The identifier cannot name a person in a route; nothing was asked."""


class UnipileClient:
    """The provider, over one pool of connections.

    One per process, used as an async context manager. `timeout` bounds every call as a whole; `within` on the writes
    shortens it for the one call.
    """

    def __init__(self, base_url: str, api_key: SecretStr, *, timeout: timedelta, max_connections: int = 512) -> None:
        """Raises ValueError when the address, the key or a number cannot be right."""
        self._wire = Wire(base_url, api_key, timeout=timeout, max_connections=max_connections)
        self._may_begin: Callable[[], bool] | None = None

    async def __aenter__(self) -> Self:
        await self._wire.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._wire.close()

    def only_if(self, may_begin: Callable[[], bool]) -> Self:
        """The same connections, for calls that hold only while something does: a deadline, an account in hand.

        `may_begin` is a last look, made right before the first byte is written: where it says no, the call raises
        NotBegunError and the provider never hears of it (ADR 0037).
        """
        bound = copy.copy(self)
        bound._may_begin = may_begin  # noqa: SLF001  # its own class
        return bound

    def _call(self, call: ProviderCall, answer: type[ModelT]) -> Coroutine[Any, Any, ModelT]:
        return self._wire.call(call, answer, may_begin=self._may_begin)

    async def profile(self, account_id: str, identifier: str) -> Profile:
        """The person behind a vanity or a provider id, as this account sees them; a silent visit.

        The caller compares the answer with what it asked for: the route has answered with strangers before.

        Raises:
            UnusableIdentifierError: a URL, an escaped text, a word of the route, or nothing.
        """
        return await self._call(
            ProviderCall(
                doing="look up a profile",
                method="GET",
                path=f"/users/{quote(checked_identifier(identifier), safe='')}",
                subject=CallSubject.PERSON,
                params={"account_id": _checked_id(account_id, "account")},
            ),
            Profile,
        )

    async def invite(
        self,
        account_id: str,
        provider_id: str,
        message: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> InvitationSent:
        """Invite a person. The planner checks the length of the note; this client does not."""
        body = {"account_id": _checked_id(account_id, "account"), "provider_id": _checked_id(provider_id, "person")}
        if message is not None:
            body["message"] = _checked_text(message, "note")
        return await self._call(
            ProviderCall(
                doing="send an invitation",
                method="POST",
                path="/users/invite",
                subject=CallSubject.PERSON,
                write=True,
                json=body,
                within=within,
            ),
            InvitationSent,
        )

    async def delete_invitation(self, account_id: str, invitation_id: str) -> None:
        """Withdraw a pending invitation. LinkedIn then forbids another one to this person for about three weeks."""
        await self._call(
            ProviderCall(
                doing="withdraw an invitation",
                method="DELETE",
                path=f"/users/invite/sent/{quote(_checked_id(invitation_id, 'invitation'), safe='')}",
                subject=CallSubject.INVITATION,
                write=True,
                params={"account_id": _checked_id(account_id, "account")},
            ),
            InvitationCanceled,
        )

    async def start_chat(self, account_id: str, provider_id: str, text: str, *, within: timedelta | None = None) -> ChatStarted:
        """Write to a connection; their existing 1:1 conversation is used where there is one."""
        form = [
            ("account_id", _checked_id(account_id, "account")),
            ("attendees_ids", _checked_id(provider_id, "person")),
            ("text", _checked_text(text, "message")),
        ]
        return await self._call(
            ProviderCall("start a chat", "POST", "/chats", CallSubject.PERSON, write=True, form=form, within=within), ChatStarted
        )

    async def relations(self, account_id: str, *, limit: int = 100, cursor: str | None = None) -> ProviderPage[ListedRelation]:
        """First-degree connections, newest first."""
        params = _listing(account_id, limit, cursor, most=MOST_RELATIONS)
        return await self._call(
            ProviderCall("list relations", "GET", "/users/relations", CallSubject.ACCOUNT, params=params), ProviderPage[ListedRelation]
        )

    async def invitations_sent(self, account_id: str, *, limit: int = 100, cursor: str | None = None) -> ProviderPage[PendingInvitation]:
        """Invitations that wait for an answer; 30 to 60 s behind. Accepted, ignored and withdrawn ones are not listed."""
        return await self._call(
            ProviderCall(
                "list sent invitations", "GET", "/users/invite/sent", CallSubject.ACCOUNT, params=_listing(account_id, limit, cursor)
            ),
            ProviderPage[PendingInvitation],
        )

    async def chats(
        self,
        account_id: str,
        *,
        limit: int = 100,
        cursor: str | None = None,
        unread: bool | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> ProviderPage[ListedChat]:
        """Conversations of an account, the latest first."""
        params = _listing(account_id, limit, cursor) | _window(after, before)
        if unread is not None:
            params["unread"] = "true" if unread else "false"
        return await self._call(ProviderCall("list chats", "GET", "/chats", CallSubject.ACCOUNT, params=params), ProviderPage[ListedChat])

    async def messages(
        self,
        *,
        account_id: str | None = None,
        chat_id: str | None = None,
        limit: int = 100,
        cursor: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> ProviderPage[ListedMessage]:
        """Messages of one chat or of a whole account, newest first. A 404 or an empty page proves nothing.

        Raises:
            ValueError: not exactly one of the two is named.
        """
        window = _window(after, before)
        if chat_id is not None and account_id is None:
            path, subject = f"/chats/{quote(_checked_id(chat_id, 'chat'), safe='')}/messages", CallSubject.CHAT
            params = _listing(None, limit, cursor) | window
        elif account_id is not None and chat_id is None:
            path, subject = "/messages", CallSubject.ACCOUNT
            params = _listing(account_id, limit, cursor) | window
        else:
            raise ValueError("Ask for the messages of one chat_id or of one account_id, not of both and not of neither.")
        return await self._call(ProviderCall("list messages", "GET", path, subject, params=params), ProviderPage[ListedMessage])

    async def account(self, account_id: str) -> ProviderAccount:
        """One account with the health of its sources."""
        path = f"/accounts/{quote(_checked_id(account_id, 'account'), safe='')}"
        return await self._call(ProviderCall("show an account", "GET", path, CallSubject.ACCOUNT), ProviderAccount)

    async def accounts(self, *, limit: int = 100, cursor: str | None = None) -> ProviderPage[ProviderAccount]:
        """All accounts of the key."""
        return await self._call(
            ProviderCall("list accounts", "GET", "/accounts", CallSubject.TENANT, params=_listing(None, limit, cursor)),
            ProviderPage[ProviderAccount],
        )

    async def ensure_webhooks(self, url: str, secret: SecretStr, header: str = "Unipile-Auth") -> WebhookChanges:
        """Each source reaches `url` once, with our secret in `header`; safe to call at every start.

        New registrations are made before old ones are removed, so that no event falls between. Two processes that start
        together may both make one; the next call removes the second. None of its calls counts as a write: what may have
        happened is found and corrected by the next call. Returns the registrations that were kept, added and removed.

        Raises:
            ValueError: the URL is none the provider can reach, or the secret is empty.
        """
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ValueError(f"{url!r} is no address for webhooks; give the full http(s) URL that Unipile can reach.")
        if not secret.get_secret_value():
            raise ValueError("The secret of the webhooks is empty, so any caller could send us events. Set one.")
        ours = WebhookHeader(key=header, value=secret.get_secret_value())
        registrations = plan(await self._webhooks(), url=url, header=ours)
        for source in registrations.missing:
            body = body_of(source, url=url, header=ours)
            await self._call(ProviderCall("register a webhook", "POST", "/webhooks", CallSubject.TENANT, json=body), WebhookCreated)
        for webhook_id in registrations.surplus:
            await self._delete_webhook(webhook_id)
        return registrations

    async def other_stacks(self, url: str | None, allowed: Sequence[str] = ()) -> tuple[str, ...]:
        """Addresses of webhooks that another stack registered under this key (registrations.others)."""
        return others(await self._webhooks(), url=url, allowed=allowed)

    async def remove_webhooks(self, urls: Sequence[str]) -> None:
        """Remove what a stack of ours registered for these addresses; harmless to repeat."""
        for webhook in await self._webhooks():
            if webhook.request_url in urls and others([webhook], url=None):
                await self._delete_webhook(webhook.id)

    async def _webhooks(self) -> list[RegisteredWebhook]:
        found: list[RegisteredWebhook] = []
        cursor: str | None = None
        while True:
            page = await self._call(
                ProviderCall("list webhooks", "GET", "/webhooks", CallSubject.TENANT, params=_listing(None, MOST, cursor)),
                ProviderPage[RegisteredWebhook],
            )
            found.extend(page.items)
            if page.cursor is None or page.cursor == cursor:
                return found
            cursor = page.cursor

    async def _delete_webhook(self, webhook_id: str) -> None:
        path = f"/webhooks/{quote(webhook_id, safe='')}"
        try:
            await self._call(ProviderCall("remove a webhook", "DELETE", path, CallSubject.TENANT), WebhookDeleted)
        except ProviderRefused as error:
            if error.status != HTTPStatus.NOT_FOUND or error.type is None:
                raise  # else another process removed it first


def checked_identifier(identifier: str) -> str:
    """A vanity or provider id that is safe as one segment of the route.

    Raises:
        UnusableIdentifierError: it is empty, a URL, escaped, a path, or a word of the route itself.
    """
    if not identifier.strip() or identifier != identifier.strip():
        raise UnusableIdentifierError("The identifier of a person is empty or has spaces around it; import the person again.")
    if "%" in identifier:
        raise UnusableIdentifierError(f"{identifier!r} is escaped; give the vanity as it reads, without percent signs.")
    if set(identifier) & set("/?#\\") or identifier in {".", ".."}:
        raise UnusableIdentifierError(f"{identifier!r} is a URL or a path; give only what follows /in/, or the provider id.")
    if identifier.lower() in RESERVED:
        raise UnusableIdentifierError(f"{identifier!r} is a word of Unipile's route and would show another person; no person is looked up.")
    return _encodable(identifier, "identifier")


def _checked_id(value: str, what: str) -> str:
    if not value.strip():
        raise ValueError(f"The id of the {what} is empty.")
    return _encodable(value, f"id of the {what}")


def _checked_text(value: str, what: str) -> str:
    if not value.strip():
        raise ValueError(f"The {what} is empty; nothing was sent.")
    return _encodable(value, what)


def _encodable(value: str, what: str) -> str:
    """Half a surrogate pair cannot be encoded; refused here, because the transport's error would not name the text."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"The {what} holds half a character at position {error.start}; write it again.") from error
    return value


def _listing(account_id: str | None, limit: int, cursor: str | None, *, most: int = MOST) -> dict[str, str]:
    if not 1 <= limit <= most:
        raise ValueError(f"A page of this list holds 1 to {most} rows, not {limit}.")
    params = {"limit": str(limit)}
    if account_id is not None:
        params["account_id"] = _checked_id(account_id, "account")
    if cursor is not None:
        params["cursor"] = cursor
    return params


def _window(after: datetime | None, before: datetime | None) -> dict[str, str]:
    return {name: _format_moment(value) for name, value in (("after", after), ("before", before)) if value is not None}


def _format_moment(value: datetime) -> str:
    """The provider takes exactly `YYYY-MM-DDTHH:MM:SS.sssZ`."""
    if value.tzinfo is None:
        raise ValueError("A moment without a time zone could mean any hour; give it in UTC.")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
