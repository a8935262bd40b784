"""A placeholder is filled, or the message does not leave; a brace never does."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.people.templates import Rendered, Template, TemplateError, Withheld, length
from shared.vocabulary import MissingValue

ANA = {"first_name": "Ana", "last_name": "Núñez", "company": "Acme", "title": "Head of Ops", "location": "Lima"}


def render(text: str, values: dict[str, str | None], on_missing: MissingValue = MissingValue.BLOCK) -> Rendered | Withheld:
    return Template.parse(text).render(values, on_missing)


@pytest.mark.parametrize(
    ("spellings", "value"),
    [
        ("{firstName} {{firstName}} {first_name} {{first_name}} {FirstName} {FIRST_NAME} {{ first name }}", "Ana"),
        ("{lastName} {{lastName}} {last_name} {{last_name}}", "Núñez"),
        ("{company} {{company}} {companyName} {{companyName}} {company_name} {{company_name}}", "Acme"),
        ("{title} {{title}} {jobTitle} {{job_title}}", "Head of Ops"),
        ("{location} {{location}}", "Lima"),
    ],
)
def test_every_spelling_of_a_placeholder_is_filled(spellings: str, value: str) -> None:
    rendered = render(spellings.replace("} {", "}~{"), dict(ANA))
    assert isinstance(rendered, Rendered)
    assert set(rendered.text.split("~")) == {value}


def test_the_hash_is_that_of_the_bytes_that_leave() -> None:
    rendered = render("Hi {firstName} {lastName}", {"first_name": "Ana", "last_name": "Nu\u0301n\u0303ez"})
    assert isinstance(rendered, Rendered)
    assert rendered.text == "Hi Ana Núñez"
    assert rendered.sha256 == hashlib.sha256("Hi Ana Núñez".encode()).digest()


@pytest.mark.parametrize("value", [None, "", "   ", "\t\n"])
def test_a_default_stands_in_for_an_empty_value(value: str | None) -> None:
    for text in ("Hi {{firstName|there}}", "Hi {firstName|there}", "Hi {first_name| there }"):
        assert render(text, {"first_name": value}) == render("Hi there", {})


def test_a_missing_value_blocks_the_message_and_says_which() -> None:
    withheld = render("Hi {firstName} of {{company}}", {"first_name": "", "company": "Acme"})
    assert withheld == Withheld(MissingValue.BLOCK, ("{firstName}",), "The template cannot be filled ({firstName}: the lead has no value).")


def test_a_missing_value_skips_the_step_where_the_campaign_says_so() -> None:
    withheld = render("Hi {firstName}", {}, MissingValue.SKIP)
    assert isinstance(withheld, Withheld)
    assert withheld.verdict is MissingValue.SKIP


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi {firstName}, how is {company}?", "Hi, how is?"),
        ("Hi {firstName} and welcome", "Hi and welcome"),
        ("{firstName} hello", "hello"),
        ("Hello {firstName}\nBye {lastName}", "Hello\nBye"),
        ("Hello\n{firstName} there", "Hello\nthere"),
        ("a {firstName} {lastName} b", "a b"),
        ("two  spaces stay  {firstName}x", "two  spaces stay  x"),
        ("to {company|} or not", "to or not"),
    ],
)
def test_a_blank_hole_closes_the_space_around_it(text: str, expected: str) -> None:
    rendered = render(text, {}, MissingValue.BLANK)
    assert isinstance(rendered, Rendered)
    assert rendered.text == expected


def test_a_message_of_which_nothing_is_left_is_withheld() -> None:
    withheld = render("{firstName} {lastName}", {}, MissingValue.BLANK)
    assert isinstance(withheld, Withheld)
    assert withheld.reason.endswith("Nothing is left of the message.")


def test_a_value_is_never_read_as_a_template_and_its_braces_never_leave() -> None:
    values: dict[str, str | None] = {"company": "{title}", "title": "CEO"}
    withheld = render("{company}", values)
    assert isinstance(withheld, Withheld)
    assert "contains a brace" in withheld.reason
    rendered = render("at {company|your company}", values)
    assert isinstance(rendered, Rendered)
    assert rendered.text == "at your company"


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "is empty"),
        (" \n ", 1, "is empty"),
        ("Hi {firstNam}", 4, "known are {firstName}"),
        ("Hi {{nickname|you}}", 4, "known are {firstName}"),
        ("Hi {}", 4, "names nothing"),
        ("Hi {firstName", 4, "no closing partner"),
        ("Hi firstName}", 13, "no opening partner"),
        ("Hi {{firstName}", 4, "no closing partner"),
        ("Hi {firstName}}", 15, "no opening partner"),
        ("Hi {{{firstName}}}", 4, "no closing partner"),
        ('{"json": 1}', 1, "no placeholder"),
        ("Hi {first{last}Name}", 4, "no closing partner"),
    ],
)
def test_a_template_that_does_not_parse_names_the_place_and_what_to_do(text: str, position: int, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(text)
    assert caught.value.position == position
    assert words in str(caught.value)


def test_a_template_says_which_fields_it_asks_for() -> None:
    assert Template.parse("Hi {firstName|there} of {companyName}, {company}").fields == {"first_name", "company"}


def test_length_counts_characters_and_not_bytes_or_halves() -> None:
    assert length("e\u0301") == 1
    assert length("👋🏽") == 2
    assert length("李雷") == 2


@given(
    template=st.text(alphabet="ab {}|firstNameco_", max_size=40),
    value=st.text(alphabet="ab{} ", max_size=10),
    on_missing=st.sampled_from(MissingValue),
)
def test_no_brace_ever_leaves(template: str, value: str, on_missing: MissingValue) -> None:
    try:
        parsed = Template.parse(template)
    except TemplateError:
        return
    rendered = parsed.render({"first_name": value, "company": value}, on_missing)
    if isinstance(rendered, Rendered):
        assert not set("{}") & set(rendered.text)
        assert rendered.text.strip()
