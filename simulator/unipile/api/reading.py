"""Reading requests the way the provider does: parameters, bodies in three encodings, cursors."""

import re
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, Final

import orjson
from aiohttp import web

from simulator.unipile.world.moments import from_iso
from simulator.unipile.world.refusals import refuse

LIMIT: Final = re.compile(r"[0-9]{1,4}")


def required(value: object, name: str) -> str:
    """A non-empty string.

    Raises:
        RefusalError: 400 missing_parameters or invalid_parameters.
    """
    if value is None or value == "":
        raise refuse("missing_parameters", f"{name} is required.")
    if not isinstance(value, str):
        raise refuse("invalid_parameters", f"{name} must be a string.")
    return value


def optional(value: object, name: str) -> str | None:
    """A string or nothing."""
    if value is not None and not isinstance(value, str):
        raise refuse("invalid_parameters", f"{name} must be a string.")
    return value


def account_id_of(request: web.Request) -> str:
    """The query's account_id, which nearly every read needs."""
    return required(request.query.get("account_id"), "account_id")


def limit_of(given: object, most: int, default: int) -> int:
    """A page's size between 1 and `most`."""
    if given is None:
        return default
    text = str(given)
    if not LIMIT.fullmatch(text) or not 1 <= int(text) <= most:
        raise refuse("invalid_parameters", f"limit must be a number from 1 to {most}.")
    return int(text)


def moment_of(given: object, name: str) -> datetime | None:
    """`before` and `after`: the exact form with milliseconds and Z."""
    if given is None:
        return None
    try:
        return from_iso(str(given))
    except ValueError:
        raise refuse("invalid_parameters", f"{name} must be of the form YYYY-MM-DDTHH:MM:SS.sssZ.") from None


def cursor_for(content: dict[str, object]) -> str:
    """Standard padded base64 of a JSON object."""
    return b64encode(orjson.dumps(content)).decode()


def cursor_of(request: web.Request) -> dict[str, Any] | None:
    """The content of ?cursor=, with which the other list parameters are ignored."""
    text = request.query.get("cursor")
    if text is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space; the real API bears that as well.
        content = orjson.loads(b64decode(text.replace(" ", "+"), validate=True))
    except ValueError:
        raise refuse("invalid_parameters", "cursor is not one of this API's cursors.") from None
    if not isinstance(content, dict):
        raise refuse("invalid_parameters", "cursor is not one of this API's cursors.")
    return content


def offset_in(cursor: dict[str, Any] | None, key: str) -> int:
    """The index a cursor points at; 0 without one."""
    if cursor is None:
        return 0
    value = cursor.get(key)
    if not isinstance(value, int) or value < 0:
        raise refuse("invalid_parameters", "cursor is not one of this API's cursors.")
    return value


async def json_of(request: web.Request) -> dict[str, Any]:
    """A JSON object.

    Raises:
        RefusalError: 415 for another content type, 400 for what is no object.
    """
    if request.content_type != "application/json":
        raise refuse("unsupported_media_type", "Send this request as application/json.")
    try:
        body = orjson.loads(await _body(request))
    except orjson.JSONDecodeError:
        raise refuse("malformed_request", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise refuse("malformed_request", "The body must be a JSON object.")
    return body


async def form_of(request: web.Request, *, json_too: bool) -> dict[str, Any]:
    """A multipart form, or the same as JSON where that is tolerated; `attendees_ids` is always a list.

    Raises:
        RefusalError: 415 for another content type, 400 for an unreadable body.
    """
    if request.content_type == "application/json" and json_too:
        body = await json_of(request)
        listed = body.get("attendees_ids", [])
        return body | {"attendees_ids": listed if isinstance(listed, list) else [listed]}
    if request.content_type != "multipart/form-data":
        raise refuse("unsupported_media_type")
    try:
        form = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise refuse("content_too_large", "The body exceeds 16 MB.") from None
    except (ValueError, AssertionError):
        raise refuse("malformed_request", "The multipart body cannot be read; let the client set its boundary.") from None
    fields: dict[str, Any] = {name: form.getone(name) for name in form}
    return fields | {"attendees_ids": form.getall("attendees_ids", [])}


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise refuse("content_too_large", "The body exceeds 16 MB.") from None
