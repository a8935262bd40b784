"""Whose the invitations in the provider's list are."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.rules.manual_invitations import (
    ListedInvitation,
    OwnInvitation,
    fill_missing_dates,
    find_authors,
    sent_at,
    spends_budget,
)
from services.poller.rules.observations import SeenInvitation

NOW = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def listed(
    invitation_id: str = "71", *, person: str | None = "ACoAAAna", vanity: str | None = "ana", age: timedelta | None = DAY
) -> ListedInvitation:
    return ListedInvitation(
        invitation_id=invitation_id, person_id=person, vanity=vanity, sent_at=None if age is None else NOW - age, observed_at=NOW
    )


def own(
    attempt_id: int = 1, *, ref: str | None = None, person: str | None = "ACoAAAna", vanity: str | None = None, age: timedelta = DAY
) -> OwnInvitation:
    return OwnInvitation(attempt_id=attempt_id, provider_ref=ref, person_id=person, vanity=vanity, decided_at=NOW - age)


def by_hand(one: ListedInvitation, *attempts: OwnInvitation) -> bool:
    return one in find_authors([one], attempts).by_hand


def test_what_no_attempt_of_ours_explains_was_sent_by_hand() -> None:
    assert by_hand(listed())
    assert by_hand(listed(), own(person="ACoAABea"))


def test_the_providers_id_explains_whatever_the_dates_say() -> None:
    assert not by_hand(listed(age=40 * DAY), own(ref="71", person=None, age=DAY))


@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=30), 3 * DAY])
def test_an_attempt_nobody_knows_the_end_of_explains_the_invitation_to_its_person(age: timedelta) -> None:
    assert not by_hand(listed(age=DAY), own(age=age))


def test_an_attempt_of_another_time_does_not() -> None:
    assert by_hand(listed(age=DAY), own(age=6 * DAY))
    assert by_hand(listed(age=5 * DAY), own(age=timedelta()))


def test_dates_made_of_weeks_are_rounded_down() -> None:
    assert not by_hand(listed(age=14 * DAY), own(age=20 * DAY))


def test_where_the_list_names_no_person_the_vanity_tells() -> None:
    assert not by_hand(listed(person=None), own(person="ACoAAAna", vanity="ana"))
    assert by_hand(listed(person=None, vanity=None), own(vanity="ana"))


def test_an_invitation_without_a_date_is_ours_when_we_invited_that_person() -> None:
    assert not by_hand(listed(age=None), own(age=90 * DAY))


def test_one_attempt_explains_one_invitation() -> None:
    twice = [listed("71"), listed("72")]
    found = find_authors(twice, [own(ref="72")])
    assert [(one.invitation_id, attempt.attempt_id) for one, attempt in found.ours] == [("72", 1)]
    assert [one.invitation_id for one in found.by_hand] == ["71"]


def test_what_is_older_than_a_week_when_it_is_first_seen_spends_nothing() -> None:
    assert spends_budget(listed(age=7 * DAY))
    assert not spends_budget(listed(age=9 * DAY))
    assert not spends_budget(listed(age=None))


def test_an_invitation_without_a_date_is_as_new_as_its_newer_neighbour() -> None:
    page = [SeenInvitation(str(n), None, None, date, {}) for n, date in enumerate([None, NOW, None, NOW - DAY])]
    assert [one.near for one in fill_missing_dates(page)] == [None, None, NOW, None]


def test_without_any_date_it_is_as_new_as_it_can_be_once_the_whole_list_was_read() -> None:
    assert sent_at(shown=None, near=None, observed_at=NOW, baseline_at=NOW - DAY) == NOW
    assert sent_at(shown=None, near=None, observed_at=NOW, baseline_at=None) is None
    assert sent_at(shown=NOW + DAY, near=None, observed_at=NOW, baseline_at=None) == NOW, "nothing leaves after it was seen"


ages = st.integers(0, 20).map(lambda days: days * DAY)
people = st.sampled_from(["ACoAAAna", "ACoAABea", "ACoAACleo"])


@given(
    rows=st.lists(st.tuples(people, ages), max_size=8),
    attempts=st.lists(st.tuples(people, ages, st.none() | st.integers(0, 7).map(str)), max_size=6),
    seed=st.integers(),
)
def test_the_order_of_the_list_changes_nothing(
    rows: list[tuple[str, timedelta]], attempts: list[tuple[str, timedelta, str | None]], seed: int
) -> None:
    page = [listed(str(n), person=person, age=age) for n, (person, age) in enumerate(rows)]
    ours = [own(n, person=person, age=age, ref=ref) for n, (person, age, ref) in enumerate(attempts)]
    shuffled = list(page)
    random.Random(seed).shuffle(shuffled)
    assert find_authors(page, ours) == find_authors(shuffled, ours)
    found = find_authors(page, ours)
    assert len(found.ours) + len(found.by_hand) == len(page)
    assert len({attempt.attempt_id for _, attempt in found.ours}) == len(found.ours)
