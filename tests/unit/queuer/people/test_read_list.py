"""Every row of a list becomes a person or a refusal with its line; nothing is lost silently."""

import csv
import io
import itertools
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.queuer.rules.people.reader import MAX_LINE, MAX_RECORD_LINES, ListReader, Person, Refusal
from services.queuer.rules.people.report import ImportReport
from shared.refusals import Refused
from shared.vocabulary import Channel

NOTES = (
    'Notes:\r\n"When exporting your connection data, you may notice that some of the email addresses are missing. '
    'See ""help"", for more."\r\n\r\n'
)
HEADER = "First Name,Last Name,URL,Email Address,Company,Position,Connected On\r\n"
ANA = "Ana,Núñez,https://www.linkedin.com/in/ana-n%C3%BA%C3%B1ez,ana@example.com,Acme,Head of Ops,05 Mar 2024\r\n"
SALES = "ACwAACtFUtgB3xY_zQ1-aaaaaaaaaaaaaaaaaaaa"


def read(text: str | bytes, **options: object) -> list[Person | Refusal]:
    data = text.encode() if isinstance(text, str) else text
    return list(ListReader(io.BytesIO(data), **options))  # type: ignore[arg-type]


def people(rows: list[Person | Refusal]) -> list[Person]:
    return [row for row in rows if isinstance(row, Person)]


def refusals(rows: list[Person | Refusal]) -> list[Refusal]:
    return [row for row in rows if isinstance(row, Refusal)]


def test_linkedins_own_export_is_read_behind_its_preamble() -> None:
    reader = ListReader(io.BytesIO((NOTES + HEADER + ANA).encode()))
    assert reader.layout.file_format == "linkedin_connections"
    assert list(reader) == [
        Person(
            line=5,
            identity="in:ana-núñez",
            first_name="Ana",
            last_name="Núñez",
            company="Acme",
            title="Head of Ops",
            location="",
            timezone="",
            linkedin_id=None,
            linkedin_vanity="ana-núñez",
            sales_navigator_id=None,
            email="ana@example.com",
            connected_on=date(2024, 3, 5),
            extra={},
        )
    ]


def test_a_sales_navigator_list_gives_both_ids_of_a_row() -> None:
    text = (
        "profileUrl,fullName,companyName,title,companyUrl,location,vmid,defaultProfileUrl\n"
        f'"https://www.linkedin.com/sales/lead/{SALES},NAME_SEARCH,x1",Ana Núñez,Acme,CEO,'
        f"https://www.linkedin.com/sales/company/1,Lima,{SALES},https://www.linkedin.com/in/ana\n"
    )
    reader = ListReader(io.BytesIO(text.encode()))
    assert reader.layout.file_format == "sales_navigator"
    [ana] = people(list(reader))
    assert (ana.identity, ana.sales_navigator_id, ana.linkedin_vanity) == ("in:ana", SALES, "ana")
    assert (ana.first_name, ana.last_name, ana.location) == ("Ana", "Núñez", "Lima")
    assert ana.extra == {"companyUrl": "https://www.linkedin.com/sales/company/1"}


def test_a_persons_clocks_are_the_columns_then_the_locations_then_nobodys() -> None:
    text = (
        'URL,Location,Time zone\nlinkedin.com/in/a,"Berlin, Germany",Asia/Tokyo\nlinkedin.com/in/b,"Berlin, Germany",\n'
        'linkedin.com/in/c,"Berlin, Germany",(GMT+01:00) Amsterdam\nlinkedin.com/in/d,Remote,\n'
    )
    rows = people(list(ListReader(io.BytesIO(text.encode()))))
    assert [row.timezone for row in rows] == ["Asia/Tokyo", "Europe/Berlin", "Europe/Berlin", ""]
    assert rows[2].extra == {"timezone": "(GMT+01:00) Amsterdam"}  # no name of a zone is kept, and lost to nobody


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_each_delimiter_in_each_encoding_reads_the_same(delimiter: str, encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["Vorname", "Nachname", "Profil-URL", "Firma"])
    writer.writerow(["Zoë", "Müller", "https://www.linkedin.com/in/zoë", 'Müller; Söhne, "GmbH"\t|\nOHG'])
    [zoe] = people(read(out.getvalue().encode(encoding)))
    assert (zoe.first_name, zoe.last_name, zoe.identity) == ("Zoë", "Müller", "in:zoë")
    assert zoe.company == 'Müller; Söhne, "GmbH" | OHG'


@pytest.mark.parametrize(
    "header",
    [
        "FIRST_NAME,last name,LinkedIn URL,e-mail,Organisation,Job Title",
        "Prénom,Nom,URL du profil,Courriel,Société,Poste",
        "Nombre,Apellidos,Enlace,Correo electrónico,Empresa,Cargo",
        "Имя,Фамилия,Ссылка на профиль,Электронная почта,Компания,Должность",
        "名,姓,链接,邮箱,公司,职位",
        " First-Name , LAST_NAME ,linkedin_profile_url,Mail,Account Name,Role",
    ],
)
def test_columns_are_recognised_however_they_are_spelled(header: str) -> None:
    [ana] = people(read(f"{header}\nAna,Núñez,linkedin.com/in/ana,ana@example.com,Acme,CEO\n"))
    assert ana[1:7] == ("in:ana", "Ana", "Núñez", "Acme", "CEO", "")
    assert ana.email == "ana@example.com"


def test_a_column_may_be_named_by_hand() -> None:
    [ana] = people(read("Who,Web page\nAna,linkedin.com/in/ana\n", columns={"linkedin": "web_page", "first_name": "who"}))
    assert (ana.identity, ana.first_name) == ("in:ana", "Ana")
    with pytest.raises(Refused, match="no header row with 'Web site'"):
        read("Who,Web page\nAna,linkedin.com/in/ana\n", columns={"linkedin": "Web site"})
    with pytest.raises(Refused, match="'nickname' is nothing a column can be"):
        read("Who\nAna\n", columns={"nickname": "Who"})


def test_a_list_that_does_not_say_who_is_meant_is_refused_with_its_headers_and_the_accepted_ones() -> None:
    with pytest.raises(Refused, match=r"columns found are: 'Forename', 'Shoe size'.*Accepted are for example LinkedIn URL"):
        read("Forename,Shoe size\nAna,38\n")


def test_excels_separator_line_and_blank_lines_are_stepped_over() -> None:
    rows = read("sep=;\r\nName;URL\r\n\r\n;\r\nAna;linkedin.com/in/ana\r\n  ;  \r\n")
    assert [(row.line, row.identity) for row in people(rows)] == [(5, "in:ana")]
    assert not refusals(rows)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Ana,linkedin.com/in/ana\n", "2 fields, fewer than the 3"),
        ("Ana,linkedin.com/in/ana,Acme,x\n", "4 fields, more than the 3"),
        ("Ana,linkedin.com/in/ana,Ac\x00me\n", "no text"),
        ("Ana,https://www.linkedin.com/company/acme,Acme\n", "company's page"),
        ("Ana,,Acme\n", "Nothing in the row says who"),
        (f"{'A' * 201},linkedin.com/in/ana,Acme\n", "longer than 200"),
        (f"Ana,linkedin.com/in/ana,{'A' * 501}\n", "longer than 500"),
        (f"Ana,linkedin.com/in/ana,{'A' * (MAX_LINE * 3)}\n", "line is longer"),
        ('Ana,linkedin.com/in/ana,"Acme" Inc\n', "quote"),
    ],
)
def test_a_row_that_cannot_be_stored_is_refused_with_line_and_reason_and_the_next_is_read(row: str, words: str) -> None:
    rows = read(f"Name,URL,Company\nBo,linkedin.com/in/bo,B\n{row}Cy,linkedin.com/in/cy,C\n")
    [refusal] = refusals(rows)
    assert refusal.line == 3
    assert words in refusal.reason
    assert row.startswith(refusal.raw[:100])
    assert [(person.line, person.identity) for person in people(rows)] == [(2, "in:bo"), (4, "in:cy")]


def test_a_broken_character_refuses_its_row_alone() -> None:
    rows = read("Name,URL\nZoë,linkedin.com/in/zoë\n".encode() + b"A\xffa,linkedin.com/in/ana\n")
    assert [row.identity for row in people(rows)] == ["in:zoë"]
    assert [row.line for row in refusals(rows)] == [3]


@pytest.mark.parametrize("behind", [3, MAX_RECORD_LINES * 3])
def test_a_quote_that_is_never_closed_costs_its_own_row_alone(behind: int) -> None:
    rows = read('Name,URL\n"Ana,linkedin.com/in/ana\n' + "".join(f"Bo,linkedin.com/in/bo-{n}\n" for n in range(behind)))
    assert [(row.line, row.raw) for row in refusals(rows)] == [(2, '"Ana,linkedin.com/in/ana')]
    assert [row.line for row in people(rows)] == list(range(3, 3 + behind))


def test_quoted_newlines_keep_the_lines_right() -> None:
    rows = read('Name,URL,Notes\nAna,linkedin.com/in/ana,"one\ntwo\n\nthree"\nBo,linkedin.com/in/bo,\n')
    assert [(row.line, row.identity) for row in people(rows)] == [(2, "in:ana"), (6, "in:bo")]
    assert people(rows)[0].extra == {"Notes": "one\ntwo\n\nthree"}


def test_two_members_in_one_row_are_refused() -> None:
    [refusal] = read("URL,LinkedIn URL\nlinkedin.com/in/ana,linkedin.com/in/bo\n")
    assert isinstance(refusal, Refusal)
    assert "names two members" in refusal.reason


def test_an_unusable_value_beside_a_usable_one_is_kept_with_the_lead() -> None:
    [ana] = people(read("URL,LinkedIn URL,Email\nhttps://lnkd.in/x,linkedin.com/in/ana,none\n"))
    assert ana.identity == "in:ana"
    assert ana.email is None
    assert ana.extra == {"URL": "https://lnkd.in/x", "Email": "none"}


def test_who_cannot_be_reached_on_the_campaigns_channel_is_refused_at_once() -> None:
    text = "Name,URL,Email\nAna,,ana@example.com\nBo,linkedin.com/in/bo,\n"
    assert [row.line for row in people(read(text))] == [2, 3]
    linkedin = read(text, needs=Channel.LINKEDIN)
    assert [(row.line, "no LinkedIn address" in row.reason) for row in refusals(linkedin)] == [(2, True)]
    email = read(text, needs=Channel.EMAIL)
    assert [(row.line, "no usable e-mail" in row.reason) for row in refusals(email)] == [(3, True)]


def test_a_date_that_may_be_two_days_is_kept_as_it_stands() -> None:
    [ana] = people(read("URL,Connected On\nlinkedin.com/in/ana,03/04/2024\n"))
    assert ana.connected_on is None
    assert ana.extra == {"connected_on": "03/04/2024"}


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        out.writelines(f"Ana,Núñez,linkedin.com/in/ana-{n},a{n}@example.com,Acme,CEO,05 Mar 2024\n" for n in range(60_000))
    with path.open("rb") as stream:
        rows = iter(ListReader(stream))
        assert sum(1 for _ in itertools.islice(rows, 1_000)) == 1_000
        tracemalloc.start()
        assert sum(1 for _ in rows) == 59_000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2_000_000


@given(st.lists(st.text(alphabet='ab,"\n\r;\x00é', max_size=12), max_size=12))
def test_whatever_stands_in_a_file_every_line_is_a_person_a_refusal_or_blank(lines: list[str]) -> None:
    marker = [f"linkedin.com/in/person-{n}" for n in range(3)]
    text = "URL\n" + "\n".join([*lines[:4], marker[0], *lines[4:8], marker[1], *lines[8:], marker[2]]) + "\n"
    try:
        rows = read(text)
    except Refused:
        return
    seen = "\n".join(repr(row) for row in rows)
    assert all(f"person-{n}" in seen for n in range(3))
    assert [row.line for row in rows] == sorted({row.line for row in rows})


def test_the_report_shows_line_reason_and_row_and_runs_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "refused.csv"
    with ImportReport(path) as report:
        report.add(Refusal(7, "Because, so.", 'Ana,"x'))
        report.add(Refusal(9, "No.", "=HYPERLINK(1),\x00\udcff"))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["line", "reason", "row"],
            ["7", "Because, so.", 'Ana,"x'],
            ["9", "No.", "'=HYPERLINK(1),\\x00\\udcff"],
        ]


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(Refused, match="cannot be written"):
        ImportReport(tmp_path / "taken" / "refused.csv")
