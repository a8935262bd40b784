"""Hours, for `tact {account,campaign,workspace} hours`: shown, or changed key by key."""

import json
from typing import Annotated, Any, Final

import typer

from cli.client import Api
from cli.console import out, print_json
from cli.errors import CommandError

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="key=value: window_zone=both, working_hours_start=8, days=mon,tue, half_days=12-24,12-31."),
]
Unsets = Annotated[list[str] | None, typer.Option("--unset", help="A key that is left to the wider level again.")]

_LISTS: Final = frozenset({"days", "extra_days_off", "working_exceptions", "half_days"})


def show_or_change(api: Api, path: str, sets: list[str] | None, unset: list[str] | None, *, as_json: bool) -> None:
    """Change the keys that are named, and show the hours and what they come to for each account."""
    changes = _parse_changes(sets, unset)
    answer = api.patch(path, changes) if changes else api.get(path)
    found, changed = answer["schedule"], answer.get("changed", False)
    own = found["schedule_settings"]
    if as_json:
        print_json(found | {"changed": changed})
        return
    if changes:
        out.print("Changed." if changed else "It was so already.")
    out.print(f"{found['name']} says itself: {json.dumps(own) if own else 'nothing'}", highlight=False, soft_wrap=True)
    for each in found["in_force"]:
        whose = each["account"] or "an account that says nothing"
        follows = "" if each["window_zone"] == "account" else f", window_zone {each['window_zone']}"
        out.print(f"  in force for {whose}: {each['hours']}, {each['timezone']}{follows}", highlight=False, soft_wrap=True)


def _parse_changes(sets: list[str] | None, unset: list[str] | None) -> dict[str, Any]:
    changes: dict[str, Any] = dict.fromkeys(unset or [])
    for each in sets or []:
        key, equals, value = each.partition("=")
        if not equals:
            raise CommandError(f"--set wants key=value, as in --set window_zone=both, not '{each}'.")
        if key in changes:
            raise CommandError(f"'{key}' is named twice; set or unset each key once.")
        changes[key] = _parse_value(key, value)
    return changes


def _parse_value(key: str, text: str) -> Any:
    """JSON where the text is JSON, else the text itself; lists may be written with commas."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = text
    if key in _LISTS and not isinstance(value, list):
        return [each.strip() for each in text.split(",") if each.strip()]
    return value
