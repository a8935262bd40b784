"""`tact account limits`, `workspace limits`, `account exception` and `suppress` as an operator types them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.queuer.api_stage import Stage
from tests.support import commands
from tests.support.serving import Served


async def tact(api: Served, *words: str) -> tuple[int, str]:
    """Run the command; its exit code and all it said on one line."""
    said = await commands.tact(*words, env={**api.env, "COLUMNS": "400"})
    return said.code, " ".join(f"{said.out} {said.err}".split())


async def test_limits_are_set_and_shown(stage: Stage, served_api: Served) -> None:
    code, said = await tact(served_api, "account", "limits", "Ana", "--daily-cr-limit", "30", "--no-warm-up")
    assert (code, "30 a day: invitation" in said, "warm-up" in said) == (0, True, False), said
    assert await tact(served_api, "workspace", "limits", "Ours", "--tier", "growth", "--weekly-cr-limit", "120") == (0, "Changed.")
    assert await tact(served_api, "workspace", "limits", "Ours", "--tier", "growth") == (0, "It was so already.")
    code, said = await tact(served_api, "account", "limits", "acc-ana", "--daily-cr-limit", "default", "--json")
    shown = json.loads(said)
    assert (shown["caps"]["invitation"], shown["weekly_invitations"]) == (50, 120)
    code, said = await tact(served_api, "account", "exception", "Ana", "--most", "80", "--by", "Ada", "--reason", "an old account")
    assert (code, "80 invitations a day may be set" in said, "of Ada: an old account" in said) == (0, True, True), said


async def test_turns_and_the_days_of_an_invitation_are_set_for_a_campaign_or_come_from_its_workspace(
    stage: Stage, served_api: Served
) -> None:
    async def add(name: str, *more: str) -> dict[str, Any]:
        text = "connection_request=Hello {first_name|there}"
        code, said = await tact(
            served_api, "campaign", "add", name, "-w", "Ours", "-a", "acc-ana", "--type", "connector", "-m", text, *more, "--json"
        )
        assert code == 0, said
        found: dict[str, Any] = json.loads(said)
        inner: dict[str, Any] = found.get("campaign", found)
        return inner

    assert await tact(served_api, "workspace", "limits", "Ours", "--withdraw-after-days", "30") == (0, "Changed.")
    own = await add("Own", "--withdraw-after-days", "14", "--turn-length", "3")
    never, usual = await add("Never", "--withdraw-after-days", "0"), await add("Usual")
    assert [each["withdraw_after_days"] for each in (usual, own, never)] == [30, 14, None]
    assert [each["turn_length"] for each in (usual, own, never)] == [1, 3, 1]
    assert await tact(served_api, "workspace", "limits", "Ours", "--withdraw-after-days", "default") == (0, "Changed.")
    assert (await add("Usual"))["withdraw_after_days"] == 30, "the same again is the same campaign"
    assert await tact(served_api, "campaign", "turns", "Own", "--turn-length", "5") == (0, "A turn of Own is 5 actions of an account.")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("account", "limits", "Ana", "--daily-cr-limit", "many"), "wants a number or 'default'"),
        (("account", "limits", "Ana", "--daily-cr-limit", "60"), "tact account exception"),
        (("account", "limits", "Ana", "--warm-up-from", "soon"), "wants a day like 2026-06-01"),
        (("workspace", "limits", "Ours"), "Name what to change"),
        (("workspace", "limits", "Ours", "--withdraw-after-days", "366"), "withdraw_after_days: Input should be less than or equal to 365"),
        (("workspace", "limits", "Ours", "--tier", "gold"), "standard, growth, enterprise"),
        (("suppress", "add", "example.com", "--kind", "domain"), "Name one list"),
        (("suppress", "add", "example.com", "--everywhere"), "Say what they are"),
        (("suppress", "remove", "example.com"), "is no id"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_sentence(stage: Stage, served_api: Served, words: tuple[str, ...], says: str) -> None:
    code, said = await tact(served_api, *words)
    assert code != 0
    assert says in said


async def test_a_list_from_a_file_is_added_whole_or_not_at_all(stage: Stage, served_api: Served, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("\ufeffKind,Value,Reason\nperson,https://linkedin.com/in/ana-nunez,asked\ndomain,@Example.com,\n\n", encoding="utf-8")
    assert await tact(served_api, "suppress", "add", "--file", str(people), "-w", "Ours") == (
        0,
        "2 added, 0 known already, 0 planned sends cancelled.",
    )
    code, said = await tact(served_api, "suppress", "list", "-w", "Ours", "--json")
    assert {(entry["kind"], entry["value"]) for entry in json.loads(said)} == {("person", "in:ana-nunez"), ("domain", "example.com")}
    people.write_text("kind,value\nemail,bo@example.com\ndomain,nonsense\n", encoding="utf-8")
    code, said = await tact(served_api, "suppress", "add", "--file", str(people), "--everywhere")
    assert code != 0
    assert "line 3: 'nonsense' is no domain" in said
    people.write_text("name\nBo\n", encoding="utf-8")
    code, said = await tact(served_api, "suppress", "add", "--file", str(people), "--everywhere")
    assert "needs a header line with kind and value" in said
    code, said = await tact(served_api, "suppress", "remove", "WWW.example.com", "--kind", "domain", "-w", "Ours")
    assert (code, said) == (0, "domain example.com may be contacted again.")
