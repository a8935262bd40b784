"""The words of shared/vocabulary and the words of the database are the same words, and may follow one another in the same ways."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared import vocabulary
from shared.vocabulary import (
    CONTACTED,
    LIVE_ATTEMPTS,
    PROSPECT_TRANSITIONS,
    SEND_TRANSITIONS,
    FailureReason,
    ProspectStatus,
    SendStatus,
    SuppressionKind,
    TransitionCondition,
)
from tests.support.builders import BASE, a_campaign, a_lead, a_prospect, a_send, a_workspace, an_account, insert

TYPES = {
    "prospect_status": vocabulary.ProspectStatus,
    "send_status": vocabulary.SendStatus,
    "attempt_state": vocabulary.AttemptState,
    "campaign_status": vocabulary.CampaignStatus,
    "campaign_type": vocabulary.CampaignType,
    "channel": vocabulary.Channel,
    "account_type": vocabulary.AccountType,
    "account_status": vocabulary.AccountStatus,
    "action": vocabulary.Action,
    "approval_status": vocabulary.ApprovalStatus,
    "reply": vocabulary.Reply,
    "missing_value": vocabulary.MissingValue,
    "role": vocabulary.Role,
    "notice_kind": vocabulary.NoticeKind,
    "notice_medium": vocabulary.NoticeMedium,
    "delivery_state": vocabulary.DeliveryState,
}
WITHOUT = "Cannot set status to connection_request_sent without contacted_at timestamp"
REQUIRES = "Setting contacted_at requires status to be connection_request_sent, connected, messaging, replied, or failed"
REMOVED = "Cannot remove contacted_at timestamp once set"
CONDITIONS = {(step.start, step.end): step.condition for step in PROSPECT_TRANSITIONS}
ENDED = (SendStatus.SENT, SendStatus.FAILED, SendStatus.SKIPPED, SendStatus.CANCELLED)


@dataclass(frozen=True)
class Place:
    """A campaign with an account, and a connection in which nothing is kept."""

    connection: Any
    workspace_id: UUID
    account_id: UUID
    campaign_id: UUID

    async def prospect(self, **values: Any) -> UUID:
        """A new lead, enrolled."""
        return await a_prospect(self.connection, self.campaign_id, await a_lead(self.connection, self.workspace_id), **values)

    async def prospect_as(self, status: ProspectStatus, contacted_at: datetime | None) -> UUID:
        """An enrolment as it stood before the rules, whichever way it came there."""
        await self.connection.execute("ALTER TABLE campaign_prospects DISABLE TRIGGER validate_prospect_status")
        try:
            return await self.prospect(status=status.value, contacted_at=contacted_at)
        finally:
            await self.connection.execute("ALTER TABLE campaign_prospects ENABLE TRIGGER validate_prospect_status")

    async def reply(self, prospect_id: UUID) -> UUID:
        """A stored answer of that prospect."""
        lead_id = await self.connection.fetchval("SELECT lead_id FROM campaign_prospects WHERE id = $1", prospect_id)
        stored: UUID = await insert(
            self.connection,
            "campaign_messages",
            workspace_id=self.workspace_id,
            account_id=self.account_id,
            lead_id=lead_id,
            prospect_id=prospect_id,
            direction="in",
            text="Gladly",
            reply="human",
            said_at=BASE,
        )
        return stored

    async def allows(self, sql: str, *arguments: Any) -> str | None:
        """Try a statement and undo it; the words of the refusal, or None."""
        attempt = self.connection.transaction()
        await attempt.start()
        try:
            await self.connection.execute(sql, *arguments)
        except asyncpg.CheckViolationError as error:
            return str(error)
        finally:
            await attempt.rollback()
        return None


@pytest.fixture
async def place(pool: asyncpg.Pool) -> Any:
    """One transaction on a database of its own, rolled back at the end."""
    async with pool.acquire() as connection:
        whole = connection.transaction()
        await whole.start()
        workspace_id = await a_workspace(connection)
        account_id = await an_account(connection, workspace_id)
        campaign_id = await a_campaign(connection, workspace_id, [account_id])
        yield Place(connection, workspace_id, account_id, campaign_id)
        await whole.rollback()


def every_pair(words: type[StrEnum]) -> Iterator[tuple[Any, Any]]:
    """Each word with each other one."""
    return ((start, end) for start in words for end in words if start is not end)


async def test_every_enum_type_holds_the_vocabularys_words_in_its_order(pool: asyncpg.Pool) -> None:
    rows = await pool.fetch(
        """SELECT t.typname, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
             FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname"""
    )
    assert {row["typname"]: row["labels"] for row in rows} == {name: [word.value for word in words] for name, words in TYPES.items()}


def test_every_word_list_of_the_vocabulary_has_its_type() -> None:
    lists = {thing for thing in vars(vocabulary).values() if isinstance(thing, type) and issubclass(thing, StrEnum)}
    no_columns = {vocabulary.ActionRole, vocabulary.Evidence}  # facts of an action
    # In text columns: a reason stands beside the provider's words, a kind has a check.
    texts = {TransitionCondition, FailureReason, SuppressionKind}
    assert lists - no_columns - texts == set(TYPES.values())


async def test_a_suppression_is_of_every_kind_of_the_vocabulary(pool: asyncpg.Pool) -> None:
    check = await pool.fetchval("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'suppressions_kind_check'")
    assert re.findall(r"'(\w+)'", check) == [kind.value for kind in SuppressionKind]


async def test_the_transition_function_answers_for_every_pair_as_the_vocabulary_does(pool: asyncpg.Pool) -> None:
    rows = await pool.fetch(
        """SELECT a::text AS start, b::text AS "end", prospect_transition(a, b) AS condition
             FROM unnest(enum_range(NULL::prospect_status)) a, unnest(enum_range(NULL::prospect_status)) b"""
    )
    answers = {(ProspectStatus(row["start"]), ProspectStatus(row["end"])): row["condition"] for row in rows}
    assert len(answers) == len(ProspectStatus) ** 2
    assert {pair: answer for pair, answer in answers.items() if answer is not None} == {pair: c.value for pair, c in CONDITIONS.items()}


def test_no_transition_stands_in_the_vocabulary_twice() -> None:
    assert len(CONDITIONS) == len(PROSPECT_TRANSITIONS)


async def test_the_trigger_lets_through_exactly_what_the_vocabulary_allows(place: Place) -> None:
    wrong = []
    for contacted_at in (None, BASE):
        for start, end in every_pair(ProspectStatus):
            if contacted_at and start not in CONTACTED:
                continue  # such a row says what cannot be: only a repair leads out of it
            prospect_id = await place.prospect_as(start, contacted_at)
            # Contacted in the same update where the new status asks for it: the rule under test is the transition's.
            condition = CONDITIONS.get((start, end))
            now = BASE if end is ProspectStatus.CONNECTION_REQUEST_SENT else contacted_at
            refusal = await place.allows(
                "UPDATE campaign_prospects SET status = $2, contacted_at = $3, reply_message_id = $4, resumed_at = $5 WHERE id = $1",
                prospect_id,
                end.value,
                now,
                await place.reply(prospect_id) if condition is TransitionCondition.REPLY_NAMED else None,
                BASE if condition is TransitionCondition.RESUMED else None,
            )
            allowed = condition is not None and not (condition is TransitionCondition.UNCONTACTED and contacted_at)
            if (refusal is None) != allowed:
                wrong.append((start.value, end.value, "contacted" if contacted_at else "uncontacted", refusal))
    assert wrong == []


async def test_a_refusal_names_both_words(place: Place) -> None:
    prospect_id = await place.prospect()
    refusal = await place.allows("UPDATE campaign_prospects SET status = 'completed' WHERE id = $1", prospect_id)
    assert refusal is not None
    assert refusal.startswith(f"Cannot change prospect status from pending to completed (prospect {prospect_id})")


async def test_nobody_becomes_replied_without_the_stored_reply(place: Place) -> None:
    prospect_id = await place.prospect(status="messaging", contacted_at=BASE)
    refusal = await place.allows("UPDATE campaign_prospects SET status = 'replied' WHERE id = $1", prospect_id)
    assert refusal is not None
    assert "the stored reply must be named in the same update (reply_message_id)" in refusal


async def test_nobody_leaves_replied_for_messaging_unless_a_person_resumes(place: Place) -> None:
    prospect_id = await place.prospect_as(ProspectStatus.REPLIED, BASE)
    await place.connection.execute("UPDATE campaign_prospects SET resumed_at = $2 WHERE id = $1", prospect_id, BASE)
    refusal = await place.allows("UPDATE campaign_prospects SET status = 'messaging' WHERE id = $1", prospect_id)
    assert refusal is not None, "a resumption of long ago must not count for today's"
    assert "only when a person resumes" in refusal


async def test_the_check_constraint_names_every_status(place: Place) -> None:
    text = await place.connection.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'campaign_prospects_status_check'"
    )
    assert set(re.findall(r"'([a-z_]+)'", text)) == set(ProspectStatus)


async def test_an_invitation_that_was_sent_needs_its_moment_on_insert_and_on_update(place: Place) -> None:
    refusals = [
        await refusal_of_insert(place, "connection_request_sent", None),
        await place.allows("UPDATE campaign_prospects SET status = 'connection_request_sent' WHERE id = $1", await place.prospect()),
    ]
    assert all(refusal is not None and refusal.startswith(WITHOUT) for refusal in refusals)


@pytest.mark.parametrize("status", [status for status in ProspectStatus if status not in CONTACTED])
async def test_nobody_uncontacted_has_a_moment_of_contact_on_insert_or_on_update(place: Place, status: ProspectStatus) -> None:
    prospect_id = await place.prospect(status=status.value)
    refusals = [
        await refusal_of_insert(place, status.value, BASE),
        await place.allows("UPDATE campaign_prospects SET contacted_at = $2 WHERE id = $1", prospect_id, BASE),
    ]
    assert all(refusal is not None and refusal.startswith(REQUIRES) for refusal in refusals)


@pytest.mark.parametrize("status", sorted(CONTACTED))
async def test_the_moment_of_contact_may_be_set_in_every_status_that_can_follow_it(place: Place, status: ProspectStatus) -> None:
    assert await refusal_of_insert(place, status.value, BASE) is None
    if status is not ProspectStatus.CONNECTION_REQUEST_SENT:
        prospect_id = await place.prospect(status=status.value)
        assert await place.allows("UPDATE campaign_prospects SET contacted_at = $2 WHERE id = $1", prospect_id, BASE) is None


@pytest.mark.parametrize("status", sorted(CONTACTED))
async def test_the_moment_of_contact_is_never_removed(place: Place, status: ProspectStatus) -> None:
    prospect_id = await place.prospect(status=status.value, contacted_at=BASE)
    refusal = await place.allows("UPDATE campaign_prospects SET contacted_at = NULL WHERE id = $1", prospect_id)
    assert refusal is not None
    assert refusal.startswith(REMOVED)
    both = await place.allows("UPDATE campaign_prospects SET contacted_at = NULL, status = 'opted_out' WHERE id = $1", prospect_id)
    assert both is not None
    assert both.startswith(REMOVED)


async def test_the_trigger_lets_a_send_go_only_where_the_vocabulary_does(place: Place) -> None:
    wrong = []
    for start, end in every_pair(SendStatus):
        send_id = await a_send(place.connection, await place.prospect(), place.account_id, status=start.value)
        refusal = await place.allows("UPDATE send_queue SET status = $2 WHERE id = $1", send_id, end.value)
        back = start in ENDED and end is SendStatus.PENDING  # from an end only reopen() leads back
        allowed = (start, end) in SEND_TRANSITIONS and not back
        if (refusal is None) != allowed:
            wrong.append((start.value, end.value, refusal))
    assert wrong == []


@pytest.mark.parametrize("status", SendStatus)
async def test_only_what_has_ended_is_reopened(place: Place, status: SendStatus) -> None:
    send_id = await a_send(place.connection, await place.prospect(), place.account_id, status=status.value)
    reopened = await place.connection.fetchval("SELECT reopen($1, 'test', 'because')", send_id)
    assert reopened == (status in ENDED)
    assert reopened == ((status, SendStatus.PENDING) in SEND_TRANSITIONS and status in ENDED)


async def test_the_indexes_that_say_no_use_the_vocabularys_live_states(place: Place) -> None:
    for name in ("send_attempts_one_live_per_send", "send_attempts_one_live_invitation"):
        predicate = await place.connection.fetchval(
            "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = $1::regclass", name
        )
        named = {state for state in vocabulary.AttemptState if f"'{state}'::attempt_state" in predicate}
        assert named == LIVE_ATTEMPTS


@pytest.mark.parametrize(
    ("function", "type_name", "words"),
    [
        ("is_active", "prospect_status", vocabulary.ACTIVE),
        ("is_unstarted", "prospect_status", vocabulary.UNSTARTED),
        ("is_stopping", "prospect_status", vocabulary.STOPPING),
        ("is_open", "send_status", vocabulary.OPEN),
        ("is_in_hand", "send_status", vocabulary.IN_HAND),
        ("is_stoppable", "send_status", vocabulary.STOPPABLE),
        ("is_live", "attempt_state", LIVE_ATTEMPTS),
        ("is_undecided", "attempt_state", vocabulary.UNDECIDED_ATTEMPTS),
        ("contacts_person", "action", frozenset(action for action in vocabulary.Action if action.facts.contacts)),
    ],
)
async def test_each_function_of_words_names_the_vocabularys_set(
    pool: asyncpg.Pool, function: str, type_name: str, words: frozenset[StrEnum]
) -> None:
    asked = f"SELECT word::text FROM unnest(enum_range(NULL::{type_name})) AS word WHERE {function}(word)"  # noqa: S608 - both named above
    assert {row["word"] for row in await pool.fetch(asked)} == words


async def refusal_of_insert(place: Place, status: str, contacted_at: datetime | None) -> str | None:
    """The words with which a new enrolment is refused, or None."""
    lead_id = await a_lead(place.connection, place.workspace_id)
    return await place.allows(
        "INSERT INTO campaign_prospects (workspace_id, campaign_id, lead_id, status, contacted_at) VALUES ($1, $2, $3, $4, $5)",
        place.workspace_id,
        place.campaign_id,
        lead_id,
        status,
        contacted_at,
    )
