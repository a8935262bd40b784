"""Accounts and webhook registrations (UNIPILE §2.4, §2.6)."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from simulator.unipile.api import shapes
from simulator.unipile.api.call import Act, ApiAnswer, ApiCall
from simulator.unipile.api.paging import OffsetPage
from simulator.unipile.api.reading import json_of, optional, required
from simulator.unipile.webhooks import DEFAULT_EVENTS, Webhook, WebhookDelivery
from simulator.unipile.world.ids import short_id
from simulator.unipile.world.refusals import refuse
from simulator.unipile.world.world import World


class AccountRoutes:
    """What the tenant holds, disconnected or not."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def list_accounts(self, call: ApiCall) -> Act:
        """GET /accounts."""
        asked = OffsetPage.of(call.request)

        def act(_: datetime) -> ApiAnswer:
            page, cursor = asked.oldest_first(list(self._world.accounts.values()))
            return ApiAnswer(200, {"object": "AccountList", "items": [shapes.account(one) for one in page], "cursor": cursor})

        return act

    async def get(self, call: ApiCall) -> Act:
        """GET /accounts/{id}: also of a disconnected one, since this is how one sees that it is."""
        call.account_id = call.request.match_info["id"]

        def act(_: datetime) -> ApiAnswer:
            account = self._world.accounts.get(call.account_id or "")
            if account is None:
                raise refuse("resource_not_found", "Account not found")
            return ApiAnswer(200, shapes.account(account))

        return act


class Registrations:
    """POST, GET and DELETE /webhooks. Two for one source mean every event twice, as with the real one."""

    def __init__(self, world: World, webhooks: WebhookDelivery) -> None:
        self._world, self._webhooks = world, webhooks

    async def create(self, call: ApiCall) -> Act:
        """POST /webhooks."""
        body = await json_of(call.request)
        url = required(body.get("request_url"), "request_url")
        source = required(body.get("source"), "source")
        if urlsplit(url).scheme not in ("http", "https"):
            raise refuse("invalid_url", "request_url must be an http or https address.")
        if source not in ("messaging", "email", "email_tracking", "account_status", "users"):
            raise refuse("invalid_parameters", "source must be messaging, email, email_tracking, account_status or users.")
        if body.get("format", "json") not in ("json", "form"):
            raise refuse("invalid_parameters", "format must be json or form.")
        if not isinstance(body.get("enabled", True), bool):
            raise refuse("invalid_parameters", "enabled must be true or false.")
        name, headers = optional(body.get("name"), "name"), _headers(body.get("headers"))
        accounts, events = _strings(body.get("account_ids"), "account_ids"), _strings(body.get("events"), "events")

        def act(now: datetime) -> ApiAnswer:
            hook = Webhook(
                id="we_" + short_id("webhook", self._world.seed, now, len(self._webhooks.registered), url, source),
                request_url=url,
                source=source,
                name=name,
                format=body.get("format", "json"),
                headers=headers,
                account_ids=accounts,
                events=events or DEFAULT_EVENTS.get(source, ()),
                enabled=body.get("enabled", True),
            )
            self._webhooks.registered[hook.id] = hook
            return ApiAnswer(201, {"object": "WebhookCreated", "webhook_id": hook.id})

        return act

    async def list_webhooks(self, call: ApiCall) -> Act:
        """GET /webhooks."""
        asked = OffsetPage.of(call.request)

        def act(_: datetime) -> ApiAnswer:
            page, cursor = asked.oldest_first(list(self._webhooks.registered.values()))
            return ApiAnswer(200, {"object": "WebhookList", "items": [_shape(one) for one in page], "cursor": cursor})

        return act

    async def delete(self, call: ApiCall) -> Act:
        """DELETE /webhooks/{id}."""

        def act(_: datetime) -> ApiAnswer:
            if self._webhooks.registered.pop(call.request.match_info["id"], None) is None:
                raise refuse("resource_not_found", "Webhook not found")
            return ApiAnswer(200, {"object": "WebhookDeleted"})

        return act


def _shape(one: Webhook) -> dict[str, object]:
    """Without `source`: the SDK's schema of the list has none, so a client must go by events, name or its own address."""
    body: dict[str, object] = {
        "object": "Webhook",
        "id": one.id,
        "account_ids": [{"id": account_id, "type": "LINKEDIN"} for account_id in one.account_ids],
        "enabled": one.enabled,
        "request_url": one.request_url,
        "format": one.format,
        "headers": [{"key": key, "value": value} for key, value in one.headers],
        "data": [],
        "type": "AUTO",
    }
    return body | ({"name": one.name} if one.name is not None else {}) | ({"events": list(one.events)} if one.events else {})


def _headers(given: Any) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((str(one["key"]), str(one["value"])) for one in given or [])
    except (TypeError, KeyError):
        raise refuse("invalid_parameters", "headers must be a list of {key, value}.") from None


def _strings(given: Any, name: str) -> tuple[str, ...]:
    if given is not None and not (isinstance(given, list) and all(isinstance(one, str) for one in given)):
        raise refuse("invalid_parameters", f"{name} must be a list of strings.")
    return tuple(given or ())
