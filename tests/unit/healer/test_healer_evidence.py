"""The table of DESIGN §3 "Unknown", row by row, both ways."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.healer.rules.unknown_attempts.evidence import (
    AskPerson,
    Before,
    DidNot,
    Doubt,
    EvidenceThresholds,
    Happened,
    InvitationLook,
    MessageLook,
    NotYet,
    OwnMessage,
    Reach,
    Sight,
    judge_email,
    judge_invitation,
    judge_message,
    with_patience,
    worth_a_profile,
)
from services.healer.rules.unknown_attempts.evidence_codec import (
    AccountMessages,
    decode_invitation_looks,
    decode_message_looks,
    decode_open_list,
    decode_open_messages,
    decode_picture,
    encode_list_part,
    encode_look,
    encode_messages_part,
)
from shared.vocabulary import Action

TERMS = EvidenceThresholds()
DECIDED = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
LATE = DECIDED + timedelta(minutes=5)
STRANGERS = Before(pending=False, connected=False)
INVITATION = Doubt(action=Action.INVITATION, decided_at=DECIDED, deadline=DECIDED + timedelta(seconds=30), before=STRANGERS)
MESSAGE = Doubt(action=Action.MESSAGE, decided_at=DECIDED, deadline=DECIDED + timedelta(seconds=30), text="Hello Ana, how are you?")


def a_look(at: datetime = LATE, *, complete: bool = True, profile: Sight = Sight.CLEAR, witness: bool = False) -> InvitationLook:
    return InvitationLook(at=at, seen_at=at, complete=complete, profile=profile, witness=witness)


def a_page(at: datetime = LATE, *own: OwnMessage, reach: Reach = Reach.CHAT) -> MessageLook:
    return MessageLook(at=at, seen_at=at, reach=reach, own=own)


def said(id_: str, text: str, seconds: int = 5) -> OwnMessage:
    return OwnMessage(id=id_, chat_id="chat", at=DECIDED + timedelta(seconds=seconds), text=text)


# Invitations: it happened


def test_an_invitation_in_the_list_happened_at_the_lists_date() -> None:
    at = DECIDED + timedelta(seconds=3)
    assert judge_invitation(INVITATION, replace(a_look(), listed="i1", listed_at=at), terms=TERMS) == Happened(
        at=at, why="in the list of sent invitations", provider_ref="i1"
    )


@pytest.mark.parametrize("told", [None, DECIDED - timedelta(hours=20), LATE + timedelta(hours=1)])
def test_a_date_that_cannot_be_true_gives_way_to_the_moment_of_the_decision(told: datetime | None) -> None:
    verdict = judge_invitation(INVITATION, replace(a_look(), listed="i1", listed_at=told), terms=TERMS)
    assert isinstance(verdict, Happened)
    assert verdict.at == DECIDED


def test_a_list_that_was_not_read_to_its_end_still_proves_what_it_shows() -> None:
    assert isinstance(judge_invitation(INVITATION, replace(a_look(complete=False), listed="i1"), terms=TERMS), Happened)


def test_a_profile_that_says_sent_proves_it_though_the_list_lags() -> None:
    assert isinstance(judge_invitation(INVITATION, a_look(profile=Sight.PENDING), terms=TERMS), Happened)


def test_first_degree_now_and_not_before_proves_it_and_the_acceptance_as_well() -> None:
    verdict = judge_invitation(INVITATION, a_look(profile=Sight.CONNECTED), terms=TERMS)
    assert isinstance(verdict, Happened)
    assert verdict.connected


@pytest.mark.parametrize("before", [None, Before(connected=True), Before(connected=None)])
def test_first_degree_proves_nothing_without_a_picture_that_shows_strangers(before: Before | None) -> None:
    assert isinstance(judge_invitation(replace(INVITATION, before=before), a_look(profile=Sight.CONNECTED), terms=TERMS), NotYet)


@pytest.mark.parametrize("look", [replace(a_look(), listed="i1"), a_look(profile=Sight.PENDING)])
def test_an_invitation_that_stood_before_is_no_evidence_that_we_sent(look: InvitationLook) -> None:
    older = replace(INVITATION, before=Before(pending=True, connected=False))
    assert isinstance(judge_invitation(older, look, terms=TERMS), NotYet)


def test_an_invitation_dated_days_before_is_not_ours() -> None:
    look = replace(a_look(), listed="i1", listed_at=DECIDED - timedelta(days=3))
    assert isinstance(judge_invitation(INVITATION, look, terms=TERMS), NotYet)


# Invitations: it did not


def test_a_later_invitation_in_a_list_that_lacks_this_one_is_believed_at_once() -> None:
    assert isinstance(judge_invitation(INVITATION, a_look(witness=True), terms=TERMS), DidNot)


def test_two_complete_looks_ten_minutes_apart_are_believed_where_nothing_later_will_leave() -> None:
    second = a_look(LATE + timedelta(minutes=10))
    assert isinstance(judge_invitation(INVITATION, second, earlier=[a_look()], terms=TERMS), DidNot)


def test_two_looks_closer_than_ten_minutes_are_not() -> None:
    second = a_look(LATE + timedelta(minutes=9, seconds=59))
    assert isinstance(judge_invitation(INVITATION, second, earlier=[a_look()], terms=TERMS), NotYet)


def test_one_look_alone_is_never_enough_without_a_witness() -> None:
    verdict = judge_invitation(INVITATION, a_look(), terms=TERMS)
    assert isinstance(verdict, NotYet)
    assert verdict.next_at >= LATE + TERMS.apart


def test_while_a_later_invitation_is_about_to_leave_it_is_waited_for_as_witness() -> None:
    second = a_look(LATE + timedelta(minutes=10))
    soon = second.at + timedelta(minutes=30)
    verdict = judge_invitation(INVITATION, second, earlier=[a_look()], next_departure=soon, terms=TERMS)
    assert verdict == NotYet(next_at=soon + TERMS.lag, why="waits for a later invitation as witness")


def test_a_departure_that_never_comes_does_not_keep_the_send_for_ever() -> None:
    look = a_look(LATE + TERMS.horizon)
    verdict = judge_invitation(INVITATION, look, earlier=[a_look()], next_departure=look.at + timedelta(minutes=1), terms=TERMS)
    assert isinstance(verdict, DidNot)


def test_a_departure_tomorrow_is_not_waited_for() -> None:
    look = a_look(LATE + timedelta(minutes=10))
    verdict = judge_invitation(INVITATION, look, earlier=[a_look()], next_departure=look.at + timedelta(hours=20), terms=TERMS)
    assert isinstance(verdict, DidNot)


@pytest.mark.parametrize(
    "weak",
    [
        a_look(complete=False, witness=True),
        a_look(profile=Sight.UNTOLD, witness=True),
        replace(a_look(witness=True), seen_at=INVITATION.deadline),
        a_look(DECIDED + timedelta(seconds=59), witness=True),
    ],
    ids=["list not whole", "profile silent", "before the act deadline", "within the provider's lag"],
)
def test_a_weak_look_proves_no_absence_even_with_a_witness(weak: InvitationLook) -> None:
    assert isinstance(judge_invitation(INVITATION, weak, terms=TERMS), NotYet)
    strong = a_look(LATE + timedelta(hours=1))
    assert isinstance(judge_invitation(INVITATION, strong, earlier=[replace(weak, witness=False)], terms=TERMS), NotYet)


# Messages


def test_an_own_message_nobody_claims_happened_when_it_was_said() -> None:
    mine = said("m1", "Hello Ana, how are you?")
    verdict = judge_message(MESSAGE, a_page(LATE, mine), terms=TERMS)
    assert verdict == Happened(at=mine.at, why="an own message that no other attempt claims", provider_ref="m1", chat_id="chat")


def test_the_text_only_ranks_the_candidates() -> None:
    verdict = judge_message(MESSAGE, a_page(LATE, said("m0", "Call me", 2), said("m1", " Hello Ana,\nhow are you? ", 9)), terms=TERMS)
    assert isinstance(verdict, Happened)
    assert verdict.provider_ref == "m1"
    other = judge_message(MESSAGE, a_page(LATE, said("m0", "Call me")), terms=TERMS)
    assert isinstance(other, Happened)


def test_a_chat_seen_around_the_moment_that_lacks_it_is_believed() -> None:
    assert isinstance(judge_message(MESSAGE, a_page(), terms=TERMS), DidNot)


def test_an_empty_page_or_a_404_proves_nothing_however_often() -> None:
    empty = a_page(reach=Reach.NOTHING)
    later = replace(empty, at=LATE + timedelta(hours=5), seen_at=LATE + timedelta(hours=5))
    assert isinstance(judge_message(MESSAGE, later, earlier=[empty, empty], terms=TERMS), NotYet)


def test_without_a_chat_two_looks_at_the_whole_account_must_agree() -> None:
    first = a_page(reach=Reach.ACCOUNT)
    assert isinstance(judge_message(MESSAGE, first, terms=TERMS), NotYet)
    assert isinstance(judge_message(MESSAGE, a_page(LATE + TERMS.apart, reach=Reach.ACCOUNT), earlier=[first], terms=TERMS), DidNot)


def test_a_chat_read_before_the_call_was_over_proves_no_absence() -> None:
    assert isinstance(judge_message(MESSAGE, replace(a_page(), seen_at=MESSAGE.deadline), terms=TERMS), NotYet)
    assert isinstance(judge_message(MESSAGE, a_page(DECIDED + timedelta(seconds=59)), terms=TERMS), NotYet)


def test_a_mail_of_unknown_fate_goes_to_a_person_at_once() -> None:
    assert isinstance(judge_email(replace(MESSAGE, action=Action.EMAIL)), AskPerson)


# Patience


def test_looks_come_ever_more_rarely_and_end_with_a_person() -> None:
    earlier: list[InvitationLook] = []
    pauses = []
    at = LATE
    for looks in range(1, TERMS.most_looks + 1):
        look = a_look(at, profile=Sight.UNTOLD)
        verdict = judge_invitation(INVITATION, look, earlier=earlier, terms=TERMS)
        assert isinstance(verdict, NotYet)
        patient = with_patience(verdict, INVITATION, looks=looks, now=at, terms=TERMS)
        assert isinstance(patient, AskPerson if looks == TERMS.most_looks else NotYet)
        pauses.append(verdict.next_at - at)
        earlier.append(look)
        at = verdict.next_at
    assert pauses == sorted(pauses)


def test_the_second_of_two_looks_comes_soon_however_many_proved_nothing_before() -> None:
    earlier = [a_look(LATE + timedelta(hours=n), complete=False) for n in range(7)]
    at = LATE + timedelta(hours=20)
    verdict = judge_invitation(INVITATION, a_look(at), earlier=earlier, terms=TERMS)
    assert isinstance(verdict, NotYet)
    assert verdict.next_at == at + TERMS.pause
    patient = with_patience(verdict, INVITATION, looks=8, now=at, terms=TERMS)
    assert patient == verdict, "what the looks of one day waited for may come on the next"
    again = judge_invitation(INVITATION, a_look(verdict.next_at), earlier=[*earlier, a_look(at)], terms=TERMS)
    assert isinstance(again, DidNot)


def test_two_days_without_an_answer_end_with_a_person_after_however_few_looks() -> None:
    verdict = NotYet(next_at=LATE, why="x")
    assert isinstance(with_patience(verdict, INVITATION, looks=1, now=DECIDED + TERMS.longest, terms=TERMS), AskPerson)


def test_proof_is_never_turned_into_a_question() -> None:
    proof = DidNot(why="x")
    assert with_patience(proof, INVITATION, looks=99, now=DECIDED + TERMS.longest, terms=TERMS) is proof


# What is kept


def test_looks_come_back_from_the_row_as_they_were_and_other_notes_are_passed_over() -> None:
    invitation = replace(a_look(), listed="i1", listed_at=DECIDED)
    message = replace(a_page(LATE, said("m1", "Hello")), own=())
    evidence = [encode_look(invitation, "NotYet"), {"late_answer": "accepted"}, "odd", encode_look(message, "NotYet")]
    assert decode_invitation_looks(evidence) == [invitation]
    assert decode_message_looks(evidence) == [message]
    assert decode_invitation_looks(None) == []
    assert decode_message_looks({"late_answer": "accepted"}) == []


@pytest.mark.parametrize(
    ("picture", "before"),
    [
        (None, None),
        ({"network_distance": None, "invitation_status": None}, Before(pending=False, connected=None)),
        ({"network_distance": "FIRST_DEGREE"}, Before(pending=False, connected=True)),
        ({"network_distance": "THIRD_DEGREE", "invitation_status": "PENDING"}, Before(pending=True, connected=False)),
    ],
)
def test_the_picture_before_is_read_as_the_sender_wrote_it(picture: object, before: Before | None) -> None:
    assert decode_picture(picture) == before


def test_a_profile_is_asked_only_where_the_list_lacks_the_person_and_the_call_was_certainly_over() -> None:
    assert worth_a_profile(INVITATION, a_look(), terms=TERMS)
    assert not worth_a_profile(INVITATION, replace(a_look(), listed="i1"), terms=TERMS)
    assert not worth_a_profile(INVITATION, a_look(DECIDED + timedelta(seconds=20)), terms=TERMS)


def test_half_a_look_is_taken_up_again_and_is_no_look_until_it_is_whole() -> None:
    half = replace(a_look(), profile=Sight.UNTOLD)
    evidence = [encode_look(a_look(), "NotYet"), {"note": "of the sender"}, encode_list_part(half), {"note": "again"}]
    assert decode_open_list(evidence) == half
    assert decode_invitation_looks(evidence) == [a_look()]
    assert decode_open_list([*evidence, encode_look(a_look(), "NotYet")]) is None
    assert decode_open_list(None) is None


def test_what_an_account_said_to_people_nobody_knows_is_kept_without_its_words() -> None:
    said_it = AccountMessages(at=LATE, seen_at=LATE, whole=True, own=(said("m1", MESSAGE.text), said("m2", "Something private")))
    part = encode_messages_part(said_it, MESSAGE.text)
    assert "private" not in str(part)
    assert MESSAGE.text not in str(part)
    again = decode_open_messages([part], MESSAGE.text)
    assert again is not None
    assert (again.at, again.whole, [m.text for m in again.own]) == (LATE, True, [MESSAGE.text, None])
