"""Lists that come over HTTP: stored or refused row by row, and approved as often as anyone likes."""

import csv
import io
from typing import Any

import asyncpg
import httpx
import pytest

from tests.integration.queuer.api_stage import LARGEST, Stage

LIST = (
    "First Name,Last Name,URL\n"
    "Ana,Núñez,https://www.linkedin.com/in/ana-nunez\n"
    "Bo,Acme,https://www.linkedin.com/company/acme\n"
    "Chi,Ito,https://www.linkedin.com/in/chi-ito\n"
)


@pytest.fixture
async def at(stage: Stage) -> str:
    """A campaign to import into."""
    async with stage.client(stage.operator) as client:
        body = {
            "campaign_name": "Autumn",
            "campaign_type": "connector",
            "message_templates": {"connection_request": ""},
            "accounts": ["acc-ana"],
        }
        answer = await client.post("/api/campaigns", json=body)
    return f"/api/campaigns/{answer.json()['campaign']['id']}"


def message(answer: httpx.Response, status: int) -> str:
    """What a refusal says."""
    assert answer.status_code == status, answer.text
    said: str = answer.json()["error"]["message"]
    return said


async def test_a_list_is_stored_row_by_row_as_a_form_or_as_the_body(stage: Stage, at: str, pool: asyncpg.Pool) -> None:
    async with stage.client(stage.operator) as client:
        form = await client.post(f"{at}/import", files={"file": ("people.csv", LIST.encode(), "text/csv")})
        body = await client.post(f"{at}/import", params={"file_name": "C:\\lists\\again.csv"}, content=LIST.encode("utf-16"))
    first, second = form.json(), body.json()
    assert form.status_code == body.status_code == 200
    assert [first[name] for name in ("rows_in", "stored", "known", "refused")] == [3, 2, 0, 1]
    assert [second[name] for name in ("rows_in", "stored", "known", "refused")] == [3, 2, 2, 1]
    assert [(each["line"], each["row"]) for each in first["refusals"]] == [(3, "Bo,Acme,https://www.linkedin.com/company/acme")]
    assert [row["file_name"] for row in await pool.fetch("SELECT file_name FROM lead_batches ORDER BY created_at")] == [
        "people.csv",
        "again.csv",
    ]


async def test_all_refused_rows_can_be_had_as_a_file(stage: Stage, at: str) -> None:
    async with stage.client(stage.operator) as client:
        answer = await client.post(f"{at}/import", params={"answer": "report"}, content=LIST.encode())
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-type"].startswith("text/csv")
    assert (answer.headers["x-tact-stored"], answer.headers["x-tact-refused"]) == ("2", "1")
    assert [row["line"] for row in rows] == ["3"]


async def test_people_become_prospects_when_somebody_approves_and_only_once(stage: Stage, at: str, pool: asyncpg.Pool) -> None:
    async with stage.client(stage.operator) as client:
        imported = (await client.post(f"{at}/import", content=LIST.encode())).json()
        before = (await client.get(at)).json()["campaign"]["prospects_by_status"]
        pressed = [(await client.post(f"{at}/approve", json={"batch_id": imported["batch_id"]})).json() for _ in range(2)]
        everything = (await client.post(f"{at}/approve")).json()
        after = (await client.get(at)).json()["campaign"]["prospects_by_status"]
    assert before == {}
    assert [(each["approved"], each["enrolled"]) for each in (*pressed, everything)] == [(2, 2), (0, 0), (0, 0)]
    assert after == {"pending": 2}
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == 2


async def test_a_list_may_be_enrolled_at_once(stage: Stage, at: str) -> None:
    async with stage.client(stage.operator) as client:
        answer = (await client.post(f"{at}/import", params={"approved": "true"}, content=LIST.encode())).json()
        campaign = (await client.get(at)).json()["campaign"]
    assert answer["enrolled"] == 2
    assert campaign["prospects_by_status"] == {"pending": 2}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04 a workbook", "save the list as CSV"),
        (bytes(range(256)) * 20, "binary"),
        (b"Colour,Taste\nred,sweet\n", "No column says who is meant"),
    ],
)
async def test_a_file_that_is_no_list_is_refused_whole(stage: Stage, at: str, pool: asyncpg.Pool, content: bytes, says: str) -> None:
    async with stage.client(stage.operator) as client:
        assert says in message(await client.post(f"{at}/import", content=content), 422)
        assert says in message(await client.post(f"{at}/import", files={"file": ("list.csv", content)}), 422)
    assert await pool.fetchval("SELECT count(*) FROM leads") == 0


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        ({"files": {"list": ("list.csv", b"x")}}, 422, "no file in the field 'file'"),
        ({"data": {"file": "x"}, "files": {"other": ("o", b"x")}}, 422, "no file in the field 'file'"),
        ({"content": b"nonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 422, "form cannot be read"),
        ({"content": b"abc", "headers": {"content-type": "multipart/form-data"}}, 422, "form cannot be read"),
        ({"content": b"x" * (LARGEST + 1)}, 413, "larger than"),
        ({"files": {"file": ("list.csv", b"x" * (LARGEST + 1))}}, 413, "larger than"),
    ],
)
async def test_a_request_without_a_readable_list_says_what_to_send(
    stage: Stage, at: str, request_: dict[str, Any], status: int, says: str
) -> None:
    async with stage.client(stage.operator) as client:
        assert says in message(await client.post(f"{at}/import", **request_), status)


async def test_a_list_that_hides_its_size_is_cut_off_all_the_same(stage: Stage, at: str) -> None:
    async def endless() -> Any:
        for _ in range(LARGEST // 1024 + 2):
            yield b"x" * 1024

    async with stage.client(stage.operator) as client:
        assert "larger than" in message(await client.post(f"{at}/import", content=endless()), 413)


async def test_nobody_imports_into_or_approves_what_is_over(stage: Stage, at: str) -> None:
    async with stage.client(stage.operator) as client:
        await client.post(f"{at}/cancel")
        assert "cancelled" in message(await client.post(f"{at}/import", content=LIST.encode()), 422)
        assert "cancelled" in message(await client.post(f"{at}/approve"), 422)
