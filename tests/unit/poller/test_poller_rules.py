"""The poller's other decisions: what an observation says, when to read next, what a word about an account means."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from services.poller.rules.account_status import status_after, worst_status_word
from services.poller.rules.matching import accepted_from, answers_us, reaches_known, settles_unknown
from services.poller.rules.observations import ObservationSource, SeenRelation
from services.poller.rules.pacing import after_failure, next_read, off_the_hour
from services.poller.rules.translation import message_of_account, message_of_webhook, relation_of_list, relation_of_webhook
from shared.calendar.opening import when_open, within_hours
from shared.calendar.resolve import resolve_schedule
from shared.unipile import models
from shared.unipile.webhooks import MessageReceived, NewRelation
from shared.vocabulary import AccountStatus
from shared.vocabulary import ProspectStatus as P

MONDAY_9 = datetime(2026, 3, 2, 9, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_the_first_read_of_an_account_brings_back_nobody_who_was_given_up() -> None:
    assert accepted_from(first_seen=True, source=ObservationSource.BASELINE) == (P.CONNECTION_REQUEST_SENT,)


def test_a_relation_known_for_long_brings_back_nobody_either() -> None:
    assert accepted_from(first_seen=False, source=ObservationSource.POLL) == (P.CONNECTION_REQUEST_SENT,)


@pytest.mark.parametrize("source", [ObservationSource.WEBHOOK, ObservationSource.POLL])
def test_news_of_a_relation_connects_also_the_withdrawn_and_the_failed(source: ObservationSource) -> None:
    assert set(accepted_from(first_seen=True, source=source)) == {P.CONNECTION_REQUEST_SENT, P.WITHDRAWN, P.FAILED}


def test_a_relation_that_was_there_before_the_call_proves_nothing() -> None:
    assert not settles_unknown(decided_at=MONDAY_9, picture={"network_distance": "FIRST_DEGREE"}, happened_at=None)
    assert not settles_unknown(decided_at=MONDAY_9, picture=None, happened_at=MONDAY_9 - HOUR)


def test_a_relation_that_is_new_since_the_call_proves_that_it_arrived() -> None:
    assert settles_unknown(decided_at=MONDAY_9, picture={"network_distance": "SECOND_DEGREE"}, happened_at=MONDAY_9 + HOUR)
    assert settles_unknown(decided_at=MONDAY_9, picture=None, happened_at=None)


def test_what_was_said_after_our_first_contact_is_an_answer_even_in_the_first_read() -> None:
    assert answers_us(said_at=MONDAY_9, first_contact=MONDAY_9 - DAY, now=MONDAY_9 + 30 * DAY, source=ObservationSource.BASELINE)


def test_what_was_said_before_our_first_contact_is_history() -> None:
    assert not answers_us(said_at=MONDAY_9 - 10 * DAY, first_contact=MONDAY_9 - DAY, now=MONDAY_9, source=ObservationSource.WEBHOOK)
    assert not answers_us(said_at=MONDAY_9 - HOUR, first_contact=None, now=MONDAY_9, source=ObservationSource.BASELINE)


def test_who_writes_by_himself_just_now_is_heard() -> None:
    assert answers_us(said_at=MONDAY_9 - HOUR, first_contact=None, now=MONDAY_9, source=ObservationSource.WEBHOOK)


def test_reads_are_spread_by_30_percent_and_never_fall_on_the_hour() -> None:
    chance = random.Random(7)
    for _ in range(500):
        at = next_read(MONDAY_9, 6 * HOUR, chance=chance)
        assert MONDAY_9 + 4.2 * HOUR <= at <= MONDAY_9 + 7.8 * HOUR + timedelta(minutes=19)
        assert 2 <= at.minute <= 57 or (at.minute == 58 and at.second == 0)


def test_a_moment_on_the_hour_is_moved_behind_it() -> None:
    at = off_the_hour(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), chance=random.Random(1))
    assert timedelta(minutes=4) <= at - datetime(2026, 3, 2, 10, 0, tzinfo=UTC) <= timedelta(minutes=19)


def test_a_read_that_meets_a_weekend_waits_for_some_minute_of_monday_morning() -> None:
    schedule = resolve_schedule(None, None, None, account_timezone="Europe/Berlin", account_country="DE")
    at = when_open(schedule, datetime(2026, 3, 7, 12, tzinfo=UTC), chance=random.Random(3))
    assert at is not None
    assert datetime(2026, 3, 9, 6, tzinfo=UTC) < at < datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


def test_failures_wait_longer_each_time_and_a_limit_signal_at_least_its_rest() -> None:
    chance = random.Random(5)
    waits = [after_failure(MONDAY_9, failures, chance=chance) - MONDAY_9 for failures in (0, 2, 20)]
    assert waits[0] < HOUR <= waits[1] < waits[2] <= 16 * HOUR
    assert after_failure(MONDAY_9, 0, chance=chance, rest=2 * HOUR) >= MONDAY_9 + 2 * HOUR


@pytest.mark.parametrize("word", ["CREDENTIALS", "ERROR", "STOPPED", "DELETED", "PERMISSIONS"])
def test_a_halting_word_disconnects_a_usable_account(word: str) -> None:
    assert status_after(word, AccountStatus.USABLE) is AccountStatus.DISCONNECTED


@pytest.mark.parametrize("word", ["OK", "RECONNECTED", "CREATION_SUCCESS", "SYNC_SUCCESS"])
def test_a_clearing_word_brings_back_a_disconnected_account(word: str) -> None:
    assert status_after(word, AccountStatus.DISCONNECTED) is AccountStatus.USABLE


@pytest.mark.parametrize("word", ["OK", "CREDENTIALS", "CONNECTING", "SOMETHING_NEW"])
def test_what_a_person_paused_stays_paused(word: str) -> None:
    assert status_after(word, AccountStatus.PAUSED) is None


def test_an_unknown_word_changes_nothing() -> None:
    assert status_after("SOMETHING_NEW", AccountStatus.USABLE) is None


def test_an_account_is_as_healthy_as_its_worst_source() -> None:
    assert worst_status_word(("OK", "CREDENTIALS")) == "CREDENTIALS"
    assert worst_status_word(("OK", "CONNECTING")) == "CONNECTING"
    assert worst_status_word(("OK",)) == "OK"
    assert worst_status_word(()) == "STOPPED"


def test_a_relation_is_told_by_member_id_and_its_vanity_as_leads_store_it() -> None:
    listed = models.ListedRelation.model_validate(
        {"member_id": "ACoAAA1", "public_identifier": "Ana-N%C3%BA%C3%B1ez", "created_at": 1772442000000}
    )
    relation = relation_of_list(listed)
    assert (relation.person_id, relation.vanity) == ("ACoAAA1", "ana-núñez")
    assert relation.happened_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_webhook_without_public_identifier_is_read_by_its_profile_address() -> None:
    told = NewRelation.model_validate(
        {"account_id": "a", "user_provider_id": "ACoAAA1", "user_profile_url": "https://www.linkedin.com/in/ana-nunez/"}
    )
    assert relation_of_webhook(told).vanity == "ana-nunez"


def _told(**more: object) -> tuple[MessageReceived, dict[str, object]]:
    body: dict[str, object] = {
        "account_id": "a",
        "account_info": {"user_id": "ACoAAMe"},
        "chat_id": "c",
        "message_id": "m",
        "message": "Hello",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "sender": {"attendee_provider_id": "ACoAAThem"},
        "attendees": [{"attendee_provider_id": "ACoAAThem"}, {"attendee_provider_id": "ACoAAMe"}],
    } | more
    return MessageReceived.model_validate(body), body


def test_our_own_message_is_no_reply_and_belongs_to_the_other_attendee() -> None:
    message = message_of_webhook(*_told(sender={"attendee_provider_id": "ACoAAMe"}))
    assert message.own
    assert not message.may_be_reply
    assert message.person_id == "ACoAAThem"


def test_what_is_said_in_a_group_or_by_an_event_answers_nobody() -> None:
    assert message_of_webhook(*_told()).may_be_reply
    assert not message_of_webhook(*_told(is_group=True)).may_be_reply
    assert not message_of_webhook(*_told(is_event=1)).may_be_reply


def test_attendees_that_are_no_list_do_not_break_a_delivery() -> None:
    assert message_of_webhook(*_told(attendees="?", is_sender=True)).person_id is None


def test_a_listed_message_belongs_to_its_writer_and_our_own_to_nobody_we_know() -> None:
    listed = {"id": "m", "timestamp": "2026-03-02T09:00:00.000Z", "sender_id": "ACoAAThem", "chat_id": "c", "text": "Hello"}
    theirs = message_of_account(models.ListedMessage.model_validate(listed | {"is_sender": 0}))
    ours = message_of_account(models.ListedMessage.model_validate(listed | {"is_sender": 1}))
    assert (theirs.person_id, theirs.own, theirs.may_be_reply) == ("ACoAAThem", False, True)
    assert (ours.person_id, ours.own, ours.may_be_reply) == (None, True, False)


def _relation(person_id: str, at: datetime | None) -> SeenRelation:
    return SeenRelation(person_id, None, at, {})


def test_a_page_reaches_known_ground_by_its_dates_whoever_of_it_is_known() -> None:
    page = [_relation("b", MONDAY_9 + HOUR), _relation("a", MONDAY_9)]
    assert not reaches_known(page, frozenset({"a"}), MONDAY_9 - HOUR)
    assert reaches_known(page, frozenset({"a", "b"}), MONDAY_9)


def test_a_page_without_dates_or_mark_reaches_known_ground_with_somebody_known() -> None:
    page = [_relation("b", None), _relation("a", None)]
    assert reaches_known(page, frozenset({"b"}), MONDAY_9)
    assert not reaches_known(page, frozenset({"a", "b"}), MONDAY_9)
    assert not reaches_known([_relation("a", MONDAY_9)], frozenset({"a"}), None)


def test_a_read_planned_for_the_night_moves_to_the_morning_and_one_of_the_day_stays() -> None:
    schedule = resolve_schedule(None, None, None, account_timezone="Europe/Berlin", account_country="DE")
    noon, night = datetime(2026, 3, 3, 11, tzinfo=UTC), datetime(2026, 3, 3, 23, tzinfo=UTC)
    assert within_hours(schedule, noon, chance=random.Random(1)) == noon
    assert (
        datetime(2026, 3, 4, 6, tzinfo=UTC)
        <= within_hours(schedule, night, chance=random.Random(1))
        < datetime(2026, 3, 4, 7, 30, tzinfo=UTC)
    )
