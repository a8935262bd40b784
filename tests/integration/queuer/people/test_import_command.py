"""`tact import` over HTTP: the answer arrives line by line, the report is written here, and bad input ends in one sentence."""

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from embedded.ports import free_port
from services.queuer.http.people import import_lines
from tests.integration.queuer.api_stage import LARGEST, Stage
from tests.support.commands import Said, tact
from tests.support.facts import eventually

LIST = (
    "First Name,Last Name,URL\n"
    "Ana,Núñez,https://www.linkedin.com/in/ana-nunez\n"
    "Bo,Acme,https://www.linkedin.com/company/acme\n"
    "Chi,Ito,https://www.linkedin.com/in/chi-ito\n"
)


@pytest.fixture
async def campaign(stage: Stage) -> str:
    """The id of a campaign to import into; its name is Autumn."""
    async with stage.client(stage.operator) as client:
        body = {
            "campaign_name": "Autumn",
            "campaign_type": "connector",
            "message_templates": {"connection_request": ""},
            "accounts": ["acc-ana"],
        }
        answer = await client.post("/api/campaigns", json=body)
    return str(answer.json()["campaign"]["id"])


async def import_with(stage: Stage, *words: str, url: str | None = None) -> Said:
    return await tact("import", *words, env={"TACT_URL": url or stage.url, "TACT_TOKEN": stage.operator})


def read_lines(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_the_command_streams_a_list_and_writes_the_refused_rows(stage: Stage, campaign: str, tmp_path: Path) -> None:
    file, report = tmp_path / "people.csv", tmp_path / "reports" / "refused.csv"
    file.write_text(LIST, encoding="utf-8")
    said = await import_with(stage, str(file), "--campaign", "autumn", "--report", str(report), "--json")
    assert said.code == 0, said.err
    result = json.loads(said.out)
    assert [result[name] for name in ("rows_in", "stored", "known", "refused", "enrolled")] == [3, 2, 0, 1, 0]
    assert result["report_path"] == str(report)
    rows = list(csv.DictReader(report.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["line"], row["row"]) for row in rows] == [("3", "Bo,Acme,https://www.linkedin.com/company/acme")]


async def test_rows_are_enrolled_at_once_where_the_command_says_so(stage: Stage, campaign: str, tmp_path: Path, pool: asyncpg.Pool) -> None:
    file = tmp_path / "people.csv"
    file.write_text(LIST.replace("URL", "Profil-Adresse"), encoding="utf-8")
    words = [str(file), "-c", campaign, "--approve", "--column", "linkedin=Profil-Adresse", "--report", str(tmp_path / "r.csv")]
    said = await import_with(stage, *words)
    assert said.code == 0, said.err
    assert await pool.fetchval("SELECT count(*) FROM campaign_prospects") == 2


@pytest.mark.parametrize(
    ("content", "words", "says"),
    [
        (None, [], "cannot be read: No such file"),
        (b"", [], "The file is empty"),
        (b"PK\x03\x04 a workbook", [], "save the list as CSV"),
        (b"Colour,Taste\nred,sweet\n", [], "No column says who is meant"),
        (b"x" * (LARGEST + 1), [], "larger than"),
        (LIST.encode(), ["--column", "nonsense"], "--column wants field=Header"),
        (LIST.encode(), ["--column", "colour=URL"], "colour"),
        (LIST.encode(), ["--campaign", "Winter"], "There is no campaign 'Winter'"),
    ],
)
async def test_bad_input_is_one_sentence_and_stores_nothing(
    stage: Stage, campaign: str, tmp_path: Path, *, content: bytes | None, words: list[str], says: str
) -> None:
    file = tmp_path / "people.csv"
    if content is not None:
        file.write_bytes(content)
    said = await import_with(stage, str(file), "--campaign", campaign, "--report", str(tmp_path / "r.csv"), *words)
    assert said.code == 1
    assert says in " ".join(said.err.split())
    assert "Traceback" not in said.err
    async with stage.client(stage.operator) as client:
        assert (await client.get(f"/api/campaigns/{campaign}")).json()["campaign"]["prospects_by_status"] == {}


async def test_a_stack_that_does_not_answer_is_another_status(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(LIST, encoding="utf-8")
    said = await import_with(stage, str(file), "-c", "x", "--report", str(tmp_path / "r.csv"), url=f"http://127.0.0.1:{free_port()}")
    assert said.code == 3
    assert "tact up" in said.err


async def test_a_connection_that_breaks_says_how_to_go_on(stage: Stage, campaign: str, tmp_path: Path, pool: asyncpg.Pool) -> None:
    """A proxy that dies after the first line of progress: the server goes on to the end, and the same command stores nothing twice."""
    file = tmp_path / "people.csv"
    file.write_text(LIST, encoding="utf-8")
    words = [str(file), "--campaign", campaign, "--report", str(tmp_path / "r.csv")]
    async with BreakingProxy(stage.url, after=b'"line_type":"progress"') as proxy:
        said = await import_with(stage, *words, url=proxy.url)
    assert said.code == 3
    assert "2 rows were stored" in " ".join(said.err.split())
    assert "Run the same command again" in " ".join(said.err.split())
    await eventually(lambda: not import_lines._under_way, what="the import to end without its caller")
    again = await import_with(stage, *words, "--json")
    assert [json.loads(again.out)[name] for name in ("stored", "known", "refused")] == [2, 2, 1]
    assert await pool.fetchval("SELECT count(*) FROM leads") == 2


async def test_an_import_whose_caller_is_gone_is_stored_to_its_end(
    stage: Stage, campaign: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.queuer.workflows.people.import_leads.CHUNK", 100)
    rows = "".join(f"Ana,https://www.linkedin.com/in/ana-{number}\n" for number in range(1000))
    async with stage.client(stage.operator) as client:
        path, content = f"/api/campaigns/{campaign}/import", f"First Name,URL\n{rows}".encode()
        async with client.stream("POST", path, params={"answer": "lines"}, content=content) as answer:
            assert json.loads(await anext(answer.aiter_lines()))["line_type"] == "progress"
    await eventually(lambda: not import_lines._under_way, what="the import to end without its caller")
    assert await pool.fetchval("SELECT count(*) FROM leads") == 1000
    assert await pool.fetchval("SELECT count(*) FROM lead_batches WHERE finished_at IS NOT NULL") == 1


async def test_lines_tell_the_progress_then_the_refused_rows_then_the_result(stage: Stage, campaign: str) -> None:
    async with stage.client(stage.operator) as client:
        answer = await client.post(f"/api/campaigns/{campaign}/import", params={"answer": "lines"}, content=LIST.encode())
    lines = read_lines(answer)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert [line["line_type"] for line in lines] == ["progress", "refused_row", "done"]
    assert (lines[0]["bytes_read"], lines[0]["bytes_total"]) == (len(LIST.encode()),) * 2
    assert (lines[2]["stored"], lines[2]["refused"]) == (2, 1)


async def test_lines_end_with_the_error_of_an_import_that_fails_midway(
    stage: Stage, campaign: str, monkeypatch: pytest.MonkeyPatch, pool: asyncpg.Pool
) -> None:
    monkeypatch.setattr("services.queuer.workflows.people.import_leads.CHUNK", 1)
    await pool.execute(
        "CREATE FUNCTION refuse_chi() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$;"
        "CREATE TRIGGER refuse_chi BEFORE INSERT ON leads FOR EACH ROW WHEN (NEW.first_name = 'Chi') EXECUTE FUNCTION refuse_chi()"
    )
    async with stage.client(stage.operator) as client:
        answer = await client.post(f"/api/campaigns/{campaign}/import", params={"answer": "lines"}, content=LIST.encode())
    last = read_lines(answer)[-1]
    assert (last["line_type"], last["code"]) == ("failed", "internal")
    assert "Import the same list again" in last["message"]
    assert await pool.fetchval("SELECT count(*) FROM leads") == 1


class BreakingProxy:
    """Passes connections on, and closes one after the line of the answer that holds the given bytes."""

    def __init__(self, target: str, *, after: bytes) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._after = after

    async def __aenter__(self) -> "BreakingProxy":
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, sending = await asyncio.open_connection(*self._target)
        asking = asyncio.create_task(_copy(reader, sending))
        passed = b""
        while block := await upstream.read(65_536):
            before, passed = len(passed), passed + block
            cut = passed.find(b"\n", passed.index(self._after)) + 1 if self._after in passed else 0
            writer.write(passed[before : cut or None])
            await writer.drain()
            if cut:
                break
        asking.cancel()
        writer.close()
        sending.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(65_536):
        writer.write(block)
        await writer.drain()
