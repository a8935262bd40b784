"""Rows in are rows stored plus rows refused, one person is one lead, and the same file twice changes nothing."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.queuer.workflows.people.import_leads import ImportProgress, ImportResult, import_file
from shared.refusals import Refused
from tests.integration.queuer.people.conftest import House, row
from tests.support.builders import BASE, a_campaign, a_lead

CLASSIC = "ACoAACtFUtgB3xY_zQ1-aaaaaaaaaaaaaaaaaaaa"
SALES = "ACwAACtFUtgB3xY_zQ1-aaaaaaaaaaaaaaaaaaaa"


async def bring(house: House, text: str | bytes, report: Path, **options: Any) -> ImportResult:
    data = text.encode() if isinstance(text, str) else text
    given: dict[str, Any] = {
        "workspace_id": house.workspace_id,
        "campaign_id": house.campaign_id,
        "source": io.BytesIO(data),
        "file_name": "list.csv",
        "report_path": report,
        "actor": "tester",
        **options,
    }
    return await import_file(house.pool, **given)


async def picture(pool: asyncpg.Pool) -> list[Any]:
    """Everything an import may change but its own batch row, `updated_at` included."""
    return [
        await pool.fetch("SELECT l::text FROM leads l ORDER BY id"),
        await pool.fetch("SELECT a::text FROM prospect_approval_data a ORDER BY id"),
        await pool.fetch("SELECT p::text FROM campaign_prospects p ORDER BY id"),
        await pool.fetch("SELECT o::text FROM outbox o ORDER BY id"),
    ]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "refused.csv"


async def test_rows_in_are_rows_stored_plus_rows_refused_and_each_refusal_is_reported(
    house: House, pool: asyncpg.Pool, report: Path
) -> None:
    text = (
        "First Name,URL,Email\nAna,https://www.linkedin.com/in/Ana-Núñez/?x=1,ana@example.com\n"
        "Bo,https://www.linkedin.com/company/acme,\nAna,linkedin.com/in/ana-n%C3%BA%C3%B1ez,\nCy,,cy@example.com\n"
    )
    result = await bring(house, text, report)
    assert (result.rows_in, result.stored, result.known, result.refused) == (4, 2, 1, 2)
    with report.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.reader(stream))
    assert [line[0] for line in lines] == ["line", "3", "5"]
    assert lines[1][2] == "Bo,https://www.linkedin.com/company/acme,"
    batch = await pool.fetchrow("SELECT rows_in, rows_stored, rows_known, rows_refused, file_format, finished_at FROM lead_batches")
    assert batch is not None
    assert tuple(batch)[:5] == (4, 2, 1, 2, "csv")
    assert batch["finished_at"] is not None
    assert await pool.fetchval("SELECT array_agg(identity) FROM leads") == ["in:ana-núñez"]
    assert await row(pool, "SELECT line, status FROM prospect_approval_data") == (2, "waiting")


async def test_importing_the_same_file_twice_changes_nothing(house: House, pool: asyncpg.Pool, report: Path) -> None:
    text = f"Name,URL,Sales Navigator URL,Shoe size\nAna Núñez,linkedin.com/in/ana,{SALES},38\nBo,linkedin.com/in/bo,,\n"
    await bring(house, text, report, approve=True)
    before = await picture(pool)
    result = await bring(house, text, report, approve=True)
    assert (result.stored, result.known, result.refused, result.enrolled) == (2, 2, 0, 0)
    assert await picture(pool) == before
    assert await pool.fetchval("SELECT count(*) FROM leads") == 2


async def test_a_person_under_two_spellings_is_one_lead_where_a_row_shows_both(house: House, pool: asyncpg.Pool, report: Path) -> None:
    await bring(house, f"Name,URL\nAna,linkedin.com/in/ana\nSo,https://www.linkedin.com/sales/lead/{SALES},NAME_SEARCH\n", report)
    await bring(house, f"Name,URL,LinkedIn Id\n,linkedin.com/in/ana,{CLASSIC}\n", report)
    result = await bring(house, f"Name,URL\nAna,linkedin.com/in/{CLASSIC}\n", report)
    assert (result.stored, result.known) == (1, 1)
    ana = await row(pool, "SELECT identity, linkedin_id, linkedin_vanity, first_name FROM leads WHERE linkedin_id IS NOT NULL")
    assert ana == ("in:ana", CLASSIC, "ana", "Ana")


async def test_an_import_fills_what_is_empty_and_overwrites_nothing(house: House, pool: asyncpg.Pool, report: Path) -> None:
    async with pool.acquire() as connection:
        await a_lead(connection, house.workspace_id, linkedin_vanity="ana", first_name="Anita", last_name="", extra={"Note": "ours"})
    text = "First Name,Last Name,URL,Company,Note,Email\nAna,Núñez,linkedin.com/in/ana,Acme,theirs,ana@example.com\n"
    await bring(house, text, report)
    ana = await row(pool, "SELECT first_name, last_name, company, email, extra FROM leads")
    assert ana == ("Anita", "Núñez", "Acme", "ana@example.com", {"Note": "ours"})


async def test_one_mailbox_of_many_people_does_not_make_them_one(house: House, pool: asyncpg.Pool, report: Path) -> None:
    text = "Name,URL,Email\nAna,linkedin.com/in/ana,info@example.com\nBo,linkedin.com/in/bo,info@example.com\n"
    assert (await bring(house, text, report)).known == 0
    assert await pool.fetchval("SELECT count(*) FROM leads") == 2


async def test_a_vanity_that_somebody_else_took_makes_no_second_person_of_the_first(house: House, pool: asyncpg.Pool, report: Path) -> None:
    other = CLASSIC[:-1] + "b"
    text = f"URL,LinkedIn Id\nlinkedin.com/in/ana,{CLASSIC}\nlinkedin.com/in/ana,{other}\n"
    assert (await bring(house, text, report)).known == 0
    assert await pool.fetchval("SELECT array_agg(identity ORDER BY identity) FROM leads") == [f"id:{CLASSIC}", f"id:{other}"]


async def test_workspaces_do_not_share_their_people(house: House, pool: asyncpg.Pool, report: Path) -> None:
    async with pool.acquire() as connection:
        elsewhere = await connection.fetchval("INSERT INTO workspaces (company_name, email) VALUES ('Other', 'o@example.com') RETURNING id")
        await a_lead(connection, elsewhere, linkedin_vanity="ana")
    assert (await bring(house, "URL\nlinkedin.com/in/ana\n", report)).known == 0


async def test_approving_while_importing_makes_prospects_and_events(house: House, pool: asyncpg.Pool, report: Path) -> None:
    result = await bring(house, "URL\nlinkedin.com/in/ana\nlinkedin.com/in/bo\n", report, approve=True)
    assert result.enrolled == 2
    assert await pool.fetchval("SELECT count(*) FROM campaign_prospects WHERE status = 'pending'") == 2
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'prospects.ready'") == 2
    decided = await pool.fetchval("SELECT min(decided_at) FROM prospect_approval_data WHERE decided_by = 'tester'")
    assert abs((decided - BASE).total_seconds()) < 60  # the stack's clock, not this machine's


async def test_an_earlier_import_that_still_waits_is_approved_by_importing_it_again(house: House, pool: asyncpg.Pool, report: Path) -> None:
    text = "URL\nlinkedin.com/in/ana\n"
    await bring(house, text, report)
    assert (await bring(house, text, report, approve=True, now=BASE)).enrolled == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b"PK\x03\x04" + bytes(50), "Excel workbook"), (b"Shoe size\n38\n", "columns found are: 'Shoe size'")],
)
async def test_a_file_that_is_no_list_stores_nothing(house: House, pool: asyncpg.Pool, report: Path, data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        await bring(house, data, report)
    assert await pool.fetchval("SELECT count(*) FROM lead_batches") == 0


async def test_a_missing_file_and_a_missing_or_ended_campaign_are_named(
    house: House, pool: asyncpg.Pool, report: Path, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        await bring(house, "", report, source=tmp_path / "nowhere.csv")
    with pytest.raises(Refused, match="There is no campaign"):
        await bring(house, "URL\nx\n", report, campaign_id=uuid4())
    async with pool.acquire() as connection:
        over = await a_campaign(connection, house.workspace_id, [], status="cancelled", campaign_name="Old")
    with pytest.raises(Refused, match="'Old' is cancelled"):
        await bring(house, "URL\nx\n", report, campaign_id=over)


class _Flowing(io.RawIOBase):
    """An upload that can be read once and not sought in."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


async def test_an_upload_that_only_flows_is_imported_too(house: House, report: Path) -> None:
    result = await bring(house, "", report, source=io.BufferedReader(_Flowing("URL\nlinkedin.com/in/ana\n".encode("utf-16"))))
    assert (result.stored, result.encoding) == (1, "utf-16")


async def test_progress_is_told_chunk_by_chunk_and_ends_at_the_whole(
    house: House, pool: asyncpg.Pool, report: Path, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    rows = 12_000
    with path.open("w", encoding="utf-8") as out:
        out.write("First Name,Last Name,URL,Email,Company\n")
        out.writelines(f"Ana,Núñez,linkedin.com/in/ana-{n},ana{n}@example.com,Acme\n" for n in range(rows))
    told: list[ImportProgress] = []
    result = await bring(house, "", report, source=path, progress=told.append)
    assert (result.rows_in, result.stored) == (rows, rows)
    assert [step.rows_in for step in told] == [5_000, 10_000, rows]
    assert told[-1].bytes_read == told[-1].bytes_total == path.stat().st_size
    assert await pool.fetchval("SELECT count(*) FROM prospect_approval_data") == rows


async def test_two_imports_of_one_list_at_once_store_each_person_once(house: House, pool: asyncpg.Pool, tmp_path: Path) -> None:
    text = "URL\n" + "".join(f"linkedin.com/in/ana-{n}\n" for n in range(6_000))
    results = await asyncio.gather(*(bring(house, text, tmp_path / f"{n}.csv", approve=True, now=BASE) for n in range(3)))
    assert sum(result.stored - result.known for result in results) == 6_000
    assert await pool.fetchval("SELECT count(*) FROM leads") == 6_000
    assert await pool.fetchval("SELECT count(*) FROM campaign_prospects") == 6_000
    assert len({UUID(str(result.batch_id)) for result in results}) == 3
