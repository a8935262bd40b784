"""Two spellings of one person are one value, and what names nobody says why."""

import unicodedata

import pytest

from shared.people.identifiers import IdKind, LinkedInId, NotAPerson, email_address, identity, linkedin_identity

ANA = LinkedInId(IdKind.VANITY, "ana-núñez")
CLASSIC = "ACoAACtFUtgB3xY_zQ1-aaaaaaaaaaaaaaaaaaaa"
SALES = "ACwAACtFUtgB3xY_zQ1-aaaaaaaaaaaaaaaaaaaa"


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/Ana-Núñez/?x=1",
        "https://www.linkedin.com/in/ana-n%C3%BA%C3%B1ez",
        "https://www.linkedin.com/in/ana-n%c3%ba%c3%b1ez/",
        "https://www.linkedin.com/in/ana-n%25C3%25BA%25C3%25B1ez/",
        "linkedin.com/in/ana-núñez",
        "www.linkedin.com/in/ana-núñez/",
        "http://de.linkedin.com/in/Ana-N%C3%9A%C3%91EZ#top",
        "https://m.linkedin.com/in/ana-núñez",
        "https://www.linkedin.com/mwlite/in/ana-núñez",
        "https://www.linkedin.com/comm/in/ana-núñez?midToken=1",
        "HTTPS://WWW.LINKEDIN.COM/IN/ANA-NÚÑEZ",
        "//www.linkedin.com/in/ana-núñez",
        "https://www.linkedin.com/in/ana-núñez/de",
        "https://www.linkedin.com/in/ana-núñez/recent-activity/all/",
        "in/ana-núñez",
        "/in/ana-núñez/",
        " ana-núñez \u200b",
        "<https://www.linkedin.com/in/ana-núñez>",
        unicodedata.normalize("NFD", "https://www.linkedin.com/in/ana-núñez"),
    ],
)
def test_every_spelling_of_an_address_is_one_person(text: str) -> None:
    assert linkedin_identity(text) == ANA


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CLASSIC, LinkedInId(IdKind.CLASSIC, CLASSIC)),
        ("ADo" + CLASSIC[3:], LinkedInId(IdKind.CLASSIC, "ADo" + CLASSIC[3:])),
        (f"https://www.linkedin.com/in/{CLASSIC}/", LinkedInId(IdKind.CLASSIC, CLASSIC)),
        (f"https://www.linkedin.com/profile/view?id={CLASSIC}&x=1", LinkedInId(IdKind.CLASSIC, CLASSIC)),
        (f"urn:li:fsd_profile:{CLASSIC}", LinkedInId(IdKind.CLASSIC, CLASSIC)),
        (SALES, LinkedInId(IdKind.SALES_NAVIGATOR, SALES)),
        (f"https://www.linkedin.com/sales/lead/{SALES},NAME_SEARCH,xyz", LinkedInId(IdKind.SALES_NAVIGATOR, SALES)),
        (f"https://www.linkedin.com/sales/lead/{SALES}%2CNAME_SEARCH%2Cxyz?a=b", LinkedInId(IdKind.SALES_NAVIGATOR, SALES)),
        (f"https://www.linkedin.com/sales/people/{SALES}", LinkedInId(IdKind.SALES_NAVIGATOR, SALES)),
        (f"https://www.linkedin.com/in/{SALES}", LinkedInId(IdKind.SALES_NAVIGATOR, SALES)),
        (f"urn:li:fs_salesProfile:({SALES},NAME_SEARCH,xyz)", LinkedInId(IdKind.SALES_NAVIGATOR, SALES)),
        ("https://www.linkedin.com/in/ACoustic-guitars", LinkedInId(IdKind.VANITY, "acoustic-guitars")),
        ("https://www.linkedin.com/in/محمد-علي", LinkedInId(IdKind.VANITY, "محمد-علي")),
        ("https://www.linkedin.com/in/李雷", LinkedInId(IdKind.VANITY, "李雷")),
        ("https://www.linkedin.com/in/आरव-शर्मा", LinkedInId(IdKind.VANITY, "आरव-शर्मा")),
    ],
)
def test_ids_are_told_apart_from_vanity_names_and_keep_their_case(text: str, expected: LinkedInId) -> None:
    assert linkedin_identity(text) == expected


def test_names_that_only_casefold_to_the_same_are_two_people() -> None:
    assert linkedin_identity("linkedin.com/in/weiß") != linkedin_identity("linkedin.com/in/weiss")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("ana@example.com", "e-mail address"),
        ("https://www.linkedin.com/company/acme/", "company's page"),
        ("https://www.linkedin.com/sales/company/123", "Sales Navigator page"),
        ("https://www.linkedin.com/school/acme", "school's page"),
        ("https://www.linkedin.com/pub/ana-nunez/1/2/3", "/pub/"),
        ("https://www.linkedin.com/talent/profile/AEMAACtFUtgB3xYzQ1", "Recruiter"),
        ("AEMAACtFUtgB3xYzQ1aaaa", "Recruiter id"),
        ("https://www.linkedin.com/in/profile", "'profile'"),
        ("https://www.linkedin.com/in/Profile/?x=1", "'profile'"),
        ("https://www.linkedin.com/in/", "does not lead to a person"),
        ("https://www.linkedin.com", "does not lead to a person"),
        ("https://example.com/in/ana", "not an address on linkedin.com"),
        ("https://linkedin.com.example.com/in/ana", "not an address on linkedin.com"),
        ("https://evil-linkedin.example/in/ana", "not an address on linkedin.com"),
        ("lnkd.in/abc", "not an address on linkedin.com"),
        ("https://www.linkedin.com/in/ana%FF", "do not decode"),
        ("https://www.linkedin.com/in/ana nunez", "contains ' '"),
        ("https://www.linkedin.com/in/---", "no letter or digit"),
        ("https://www.linkedin.com/in/ana\x00", "cannot be shown"),
        ("https://www.linkedin.com/in/" + "a" * 101, "longer than 100"),
        ("x" * 2_001, "longer than 2,000"),
        (f"https://www.linkedin.com/in/{CLASSIC.lower()}", "capital letters were lost"),
        ("urn:li:member:123456", "copy the profile's address"),
    ],
)
def test_what_names_nobody_is_refused_with_the_reason_in_one_sentence(text: str, words: str) -> None:
    answer = linkedin_identity(text)
    assert isinstance(answer, NotAPerson)
    assert words in answer.reason
    assert answer.reason.endswith(".")
    assert len(answer.reason) < 300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Ana.Nunez@Example.COM ", "ana.nunez@example.com"),
        ("mailto:ana@example.org", "ana@example.org"),
        ("ана@пример.example", "ана@пример.example"),
        ("ana", None),
        ("ana@example", None),
        ("ana@@example.com", None),
        ("ana@example..com", None),
        (".ana@example.com", None),
        ("ana b@example.com", None),
        ("ana@example.com; bob@example.com", None),
        ("a" * 250 + "@example.com", None),
    ],
)
def test_an_email_address_is_lower_cased_or_refused(text: str, expected: str | None) -> None:
    assert email_address(text) == expected


def test_the_best_name_is_the_one_that_stays_with_its_owner() -> None:
    assert identity(linkedin_id="ACo1", linkedin_vanity="ana", sales_navigator_id="ACw1", email="a@example.com") == "id:ACo1"
    assert identity(linkedin_vanity="ana", sales_navigator_id="ACw1", email="a@example.com") == "in:ana"
    assert identity(sales_navigator_id="ACw1", email="a@example.com") == "sn:ACw1"
    assert identity(email="a@example.com") == "mail:a@example.com"
    assert identity() is None
