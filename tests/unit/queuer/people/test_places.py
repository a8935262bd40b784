"""Which clocks a lead's location stands for, in the spellings lists come in."""

from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.queuer.rules.people.location_timezone import _all_joined, _fold_text, _joined, zone_of_location


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        # a city and its country
        ("Berlin, Germany", "Europe/Berlin"),
        ("BERLIN, GERMANY", "Europe/Berlin"),
        ("Berlin, Berlin, Germany", "Europe/Berlin"),
        ("  Berlin ,  Deutschland ", "Europe/Berlin"),
        ("Munich, Bavaria, Germany", "Europe/Berlin"),
        ("München, Bayern, Deutschland", "Europe/Berlin"),
        ("Zürich, Schweiz", "Europe/Zurich"),
        ("Zurich, Switzerland", "Europe/Zurich"),
        ("Wien, Österreich", "Europe/Vienna"),
        ("São Paulo, Brasil", "America/Sao_Paulo"),
        ("Sao Paulo, Brazil", "America/Sao_Paulo"),
        ("Manaus, Amazonas, Brasil", "America/Manaus"),
        ("Riyadh, Saudi Arabia", "Asia/Riyadh"),
        ("الرياض", "Asia/Riyadh"),
        ("Dubai, United Arab Emirates", "Asia/Dubai"),
        ("Bengaluru, Karnataka, India", "Asia/Kolkata"),
        ("Bangalore", "Asia/Kolkata"),
        ("Warszawa, Polska", "Europe/Warsaw"),
        ("Łódź, Poland", "Europe/Warsaw"),
        ("København, Danmark", "Europe/Copenhagen"),
        ("Москва, Россия", "Europe/Moscow"),
        ("東京", "Asia/Tokyo"),
        ("上海", "Asia/Shanghai"),
        ("Lyon, Auvergne-Rhône-Alpes, France", "Europe/Paris"),
        ("London, England, United Kingdom", "Europe/London"),
        ("London, UK", "Europe/London"),
        ("Sydney, New South Wales, Australia", "Australia/Sydney"),
        ("Perth, Western Australia, Australia", "Australia/Perth"),
        ("Toronto, Ontario, Canada", "America/Toronto"),
        ("Vancouver, British Columbia, Canada", "America/Vancouver"),
        ("Las Palmas de Gran Canaria, España", "Atlantic/Canary"),
        ("St. John's, Newfoundland and Labrador, Canada", "America/St_Johns"),
        # as LinkedIn calls a city and what lies around it
        ("Greater Munich Metropolitan Area", "Europe/Berlin"),
        ("New York City Metropolitan Area", "America/New_York"),
        ("Greater New York City Area", "America/New_York"),
        ("San Francisco Bay Area", "America/Los_Angeles"),
        ("Greater Chicago Area", "America/Chicago"),
        ("Dallas-Fort Worth Metroplex", "America/Chicago"),
        ("Washington DC-Baltimore Area", "America/New_York"),
        ("Minneapolis-St. Paul Area", "America/Chicago"),
        ("Salt Lake City Metropolitan Area", "America/Denver"),
        ("Greater Phoenix Area", "America/Phoenix"),
        ("Greater Paris Metropolitan Region", "Europe/Paris"),
        ("Cologne Bonn Region", "Europe/Berlin"),
        ("Frankfurt Rhine-Main Metropolitan Area", "Europe/Berlin"),
        ("Großraum Hamburg", "Europe/Berlin"),
        ("Greater Madrid Metropolitan Area", "Europe/Madrid"),
        ("Mumbai Metropolitan Region", "Asia/Kolkata"),
        # a name that several cities have: the most populous, unless country or state says otherwise
        ("Paris", "Europe/Paris"),
        ("Paris, Texas, United States", "America/Chicago"),
        ("Paris, TX", "America/Chicago"),
        ("Valencia, Comunidad Valenciana, España", "Europe/Madrid"),
        ("Valencia, Carabobo, Venezuela", "America/Caracas"),
        ("Córdoba, Argentina", "America/Argentina/Cordoba"),
        ("Córdoba, Andalucía, España", "Europe/Madrid"),
        ("Portland, Oregon", "America/Los_Angeles"),
        ("Portland, Maine, United States", "America/New_York"),
        ("Vancouver, WA", "America/Los_Angeles"),
        ("San Francisco, CA", "America/Los_Angeles"),
        ("Birmingham, Alabama", "America/Chicago"),
        ("Birmingham, England", "Europe/London"),
        ("Atlanta, Georgia", "America/New_York"),
        ("Tbilisi, Georgia", "Asia/Tbilisi"),
        ("New York, United States", "America/New_York"),
        ("Kansas City, Missouri, United States", "America/Chicago"),
        # no city, but a country or state that lives by one clock
        ("Germany", "Europe/Berlin"),
        ("Deutschland", "Europe/Berlin"),
        ("Allemagne", "Europe/Berlin"),
        ("Bavaria, Germany", "Europe/Berlin"),
        ("France", "Europe/Paris"),
        ("United Kingdom", "Europe/London"),
        ("India", "Asia/Kolkata"),
        ("China", "Asia/Shanghai"),
        ("Argentina", "America/Argentina/Buenos_Aires"),
        ("Singapore", "Asia/Singapore"),
        ("Texas, United States", "America/Chicago"),
        ("California, United States", "America/Los_Angeles"),
        ("Georgia, United States", "America/New_York"),
    ],
)
def test_a_location_that_tells_its_clocks(text: str, zone: str) -> None:
    assert zone_of_location(text) == zone


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ",,,",
        "United States",
        "USA",
        "Estados Unidos",
        "Canada",
        "Brazil",
        "Australia",
        "Russia",
        "Indonesia",
        "Ontario, Canada",
        "Tennessee, United States",  # Nashville and Memphis keep Central, Knoxville Eastern time
        "Georgia",  # the country or the state
        "Washington, United States",  # the state or the capital
        "Europe",
        "European Union",
        "EMEA",
        "Remote",
        "Worldwide",
        "Earth",
        "🌍",
        "somewhere over the rainbow",
    ],
)
def test_a_location_that_does_not_tell_is_nobodys(text: str) -> None:
    assert zone_of_location(text) is None


@settings(deadline=None)  # the first question loads the cities of the world
@given(st.text(max_size=60))
def test_any_text_gives_a_zone_that_exists_or_none(text: str) -> None:
    assert zone_of_location(text) in {None, *available_timezones()}


def test_many_names_are_written_as_each_one_alone() -> None:
    names = [
        "São Paulo",
        "Łódź",
        "Malmö-København",
        "St. John's",
        "a_b",
        "  ",
        "two\nlines",
        "İzmir",
        "Đà Nẵng",
        "ﬁnland",
        "京都",
        "अमृतसर",
        "Tōkyō",
    ]
    assert _all_joined(names) == [_joined(_fold_text(name)) for name in names]
