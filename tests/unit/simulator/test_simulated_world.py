"""The rules of the simulated LinkedIn, walked through at given times."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.unipile.world.accounts import SimulatedAccount
from simulator.unipile.world.behaviour import Behaviour, Span
from simulator.unipile.world.declared import AccountDeclared, PersonDeclared
from simulator.unipile.world.events import WorldEvent
from simulator.unipile.world.people import SimulatedPerson
from simulator.unipile.world.refusals import RefusalError
from simulator.unipile.world.world import World

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


class Stage:
    """A world with one account, and everything it told."""

    def __init__(self, behaviour: Behaviour | None = None, *, account_type: str = "premium") -> None:
        self.world = World(seed=7, start=MONDAY, behaviour=behaviour)
        self.told: list[WorldEvent] = []
        self.world.listeners.append(self.told.append)
        declared = AccountDeclared.model_validate({"id": "acc1", "name": "Greta Vogel", "type": account_type})
        self.account: SimulatedAccount = self.world.declare_account(declared, MONDAY)

    def person(self, vanity: str = "ana-nunez", **traits: object) -> SimulatedPerson:
        """Somebody declared; silent unless told otherwise."""
        silent: dict[str, object] = {"accepts_after_s": None, "replies_to": None}
        return self.world.declare_person(PersonDeclared.model_validate({"public_identifier": vanity, **silent, **traits}), MONDAY)

    def refusal(self, person: SimulatedPerson, note: str | None = None, at: datetime = MONDAY) -> str:
        """The slug with which an invitation is refused."""
        with pytest.raises(RefusalError) as refused:
            self.world.invite(self.account, person, note, at)
        return refused.value.slug

    def kinds(self) -> list[str]:
        """What happened, in order."""
        return [event.kind for event in self.told]


def test_a_person_accepts_at_their_own_moment_although_the_clock_leapt_over_it() -> None:
    stage = Stage()
    ana = stage.person(accepts_after_s=3600)
    stage.world.invite(stage.account, ana, None, MONDAY)
    stage.world.agenda.advance(MONDAY + 40 * HOUR)
    bond = stage.world.bond(stage.account, ana)
    assert bond.accepted_at == MONDAY + HOUR
    assert stage.account.relations[-1].since == MONDAY + HOUR
    assert stage.account.sent == []
    assert stage.world.distance(stage.account, ana) == "FIRST_DEGREE"


def test_nothing_happens_before_its_moment() -> None:
    stage = Stage()
    ana = stage.person(accepts_after_s=3600)
    stage.world.invite(stage.account, ana, None, MONDAY)
    stage.world.agenda.advance(MONDAY + HOUR - SECOND)
    assert stage.told == []
    assert stage.world.bond(stage.account, ana).pending is not None


def test_a_leap_lets_what_was_due_happen_in_order_and_what_follows_from_it_too() -> None:
    stage = Stage()
    late, early = (
        stage.person("late-one", accepts_after_s=7200),
        stage.person("early-one", accepts_after_s=60, replies_to={"invitation": 30}),
    )
    for person in (late, early):
        stage.world.invite(stage.account, person, None, MONDAY)
    stage.world.agenda.advance(MONDAY + 10 * HOUR)
    assert [(event.kind, event.person) for event in stage.told] == [("accepted", early), ("replied", early), ("accepted", late)]


def test_a_second_invitation_is_refused_while_the_first_is_pending() -> None:
    stage = Stage()
    ana = stage.person()
    stage.world.invite(stage.account, ana, None, MONDAY)
    assert stage.refusal(ana) == "already_invited_recently"


def test_the_pending_refusal_can_have_the_flavour_of_a_throttle() -> None:
    stage = Stage(Behaviour(pending_refusal="cannot_resend_yet"))
    ana = stage.person()
    stage.world.invite(stage.account, ana, None, MONDAY)
    assert stage.refusal(ana) == "cannot_resend_yet"


@pytest.mark.parametrize(("later", "refused"), [(timedelta(days=20, hours=23), True), (timedelta(days=21), False)])
def test_a_withdrawn_invitation_locks_the_person_for_three_weeks(later: timedelta, refused: bool) -> None:
    stage = Stage()
    ana = stage.person()
    first = stage.world.invite(stage.account, ana, None, MONDAY)
    stage.world.withdraw(stage.account, first.id, MONDAY)
    if refused:
        assert stage.refusal(ana, at=MONDAY + later) == "already_invited_recently"
    else:
        assert stage.world.invite(stage.account, ana, None, MONDAY + later).id != first.id


def test_a_withdrawn_invitation_is_never_accepted_even_if_another_follows() -> None:
    stage = Stage(Behaviour(reinvite_lock_days=0))
    ana = stage.person(accepts_after_s=3600)
    first = stage.world.invite(stage.account, ana, None, MONDAY)
    stage.world.withdraw(stage.account, first.id, MONDAY + timedelta(minutes=30))
    stage.world.invite(stage.account, ana, None, MONDAY + timedelta(minutes=45))
    stage.world.agenda.advance(MONDAY + 10 * HOUR)
    assert stage.world.bond(stage.account, ana).accepted_at == MONDAY + timedelta(minutes=105)
    assert stage.kinds().count("accepted") == 1


@pytest.mark.parametrize(("account_type", "longest"), [("free", 200), ("premium", 300), ("sales_navigator", 300)])
def test_a_note_may_be_as_long_as_the_accounts_type_allows(account_type: str, longest: int) -> None:
    stage = Stage(account_type=account_type)
    assert stage.refusal(stage.person("one-too-many"), "ä" * (longest + 1)) == "too_many_characters"
    assert stage.world.invite(stage.account, stage.person("just-right"), "ä" * longest, MONDAY).note is not None


def test_who_cannot_be_invited_is_refused_with_the_providers_word() -> None:
    stage = Stage()
    assert stage.refusal(stage.person("locked-one", locked=True)) == "invalid_recipient"
    assert stage.refusal(stage.person("known-one", connected_to=["acc1"])) == "already_connected"
    assert stage.refusal(stage.account.owner) == "invalid_recipient"


def test_the_weekly_throttle_counts_rolling_days() -> None:
    stage = Stage(Behaviour(weekly_invitation_limit=2, acceptance_rate=0))
    for n, hours in enumerate((0, 24)):
        stage.world.invite(stage.account, stage.person(f"person-{n}"), None, MONDAY + hours * HOUR)
    third = stage.person("third-person")
    assert stage.refusal(third, at=MONDAY + timedelta(days=7) - SECOND) == "cannot_resend_yet"
    assert stage.world.invite(stage.account, third, None, MONDAY + timedelta(days=7))


def test_a_message_needs_a_relation() -> None:
    stage = Stage()
    with pytest.raises(RefusalError) as refused:
        stage.world.write(stage.account, stage.person(), "Hello", MONDAY)
    assert refused.value.body() == {
        "type": "errors/no_connection_with_recipient",
        "title": "No connection with recipient",
        "detail": "The recipient appears not to be first degree connection.",
        "status": 422,
    }


def test_a_person_answers_the_message_they_were_told_to_answer_in_the_same_chat() -> None:
    stage = Stage()
    ana = stage.person(connected_to=["acc1"], replies_to={"2": 60}, reply_text="Gladly")
    first = stage.world.write(stage.account, ana, "One", MONDAY)
    stage.world.agenda.advance(MONDAY + HOUR)
    second = stage.world.write(stage.account, ana, "Two", MONDAY + HOUR)
    stage.world.agenda.advance(MONDAY + 2 * HOUR)
    assert first.chat is second.chat
    assert [(message.text, message.mine) for message in first.chat.messages] == [("One", True), ("Two", True), ("Gladly", False)]
    assert stage.world.bond(stage.account, ana).replied_at == MONDAY + HOUR + timedelta(minutes=1)


def test_an_accepted_note_opens_the_chat_as_our_own_message() -> None:
    stage = Stage()
    ana = stage.person(accepts_after_s=60)
    stage.world.invite(stage.account, ana, "Hello Ana", MONDAY)
    stage.world.agenda.advance(MONDAY + HOUR)
    chat = stage.world.bond(stage.account, ana).chat
    assert chat is not None
    assert [(message.text, message.mine) for message in chat.messages] == [("Hello Ana", True)]
    assert stage.kinds() == ["accepted", "wrote"]


def test_an_ignored_invitation_vanishes_from_the_list_and_locks_like_a_withdrawn_one() -> None:
    stage = Stage()
    ana = stage.person()
    stage.world.invite(stage.account, ana, None, MONDAY)
    assert stage.world.ignore(stage.account, ana, MONDAY).status == "IGNORED"
    assert stage.account.sent == []
    assert stage.refusal(ana, at=MONDAY + HOUR) == "already_invited_recently"


def test_accepting_a_received_invitation_connects_and_settles_our_own() -> None:
    stage = Stage()
    ana = stage.person()
    stage.world.invite(stage.account, ana, None, MONDAY)
    received = stage.world.receive_invitation(stage.account, ana, "Hi", MONDAY)
    stage.world.handle_received(stage.account, received.id, accept=True, now=MONDAY + HOUR)
    assert (stage.account.sent, stage.account.received) == ([], [])
    assert stage.world.distance(stage.account, ana) == "FIRST_DEGREE"


def test_the_sent_list_shows_an_invitation_only_after_its_lag() -> None:
    stage = Stage()
    stage.world.invite(stage.account, stage.person(), None, MONDAY)
    assert stage.account.visible_sent(MONDAY - SECOND) == 0
    assert stage.account.visible_sent(MONDAY) == 1


def test_the_chat_with_the_last_word_stands_last_in_ascending_order() -> None:
    stage = Stage()
    people = [stage.person(f"friend-{n}", connected_to=["acc1"]) for n in range(3)]
    for n, person in enumerate([*people, people[0]]):
        stage.world.write(stage.account, person, "Hello", MONDAY + n * SECOND)
    assert [chat.person.public_id for chat in stage.account.chats] == ["friend-1", "friend-2", "friend-0"]


def test_relations_promised_to_an_account_exist_once_it_is_declared() -> None:
    stage = Stage()
    ana = stage.person(connected_to=["acc2"])
    other = stage.world.declare_account(AccountDeclared(id="acc2"), MONDAY)
    assert [relation.person for relation in other.relations] == [ana]


def test_behaviour_decides_about_people_made_on_demand_and_the_same_seed_decides_alike() -> None:
    behaviour = Behaviour(acceptance_rate=0.5, acceptance_delay=Span(shortest_h=1, longest_h=2))

    def accepting(seed: int) -> list[bool]:
        world = World(seed=seed, start=MONDAY, behaviour=behaviour)
        return [world.person(f"member-{letter}").accepts_after(behaviour) is not None for letter in "abcdefghijklmnopqrstuvwxyz" * 4]

    assert accepting(1) == accepting(1) != accepting(2)
    assert 0.2 < sum(accepting(1)) / len(accepting(1)) < 0.8
