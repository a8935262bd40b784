"""The provider's answers as the rest of the house sees them."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from shared.unipile.models import (
    ChatStarted,
    InvitationSent,
    ListedChat,
    ListedMessage,
    ListedRelation,
    PendingInvitation,
    Profile,
    ProviderPage,
)

PROFILE = {"object": "UserProfile", "provider": "LINKEDIN", "provider_id": "ACoAAAPerson", "headline": "", "websites": []}


@pytest.mark.parametrize(
    ("told", "connected"),
    [
        ({"network_distance": "FIRST_DEGREE"}, True),
        ({"is_relationship": True}, True),
        ({"is_relationship": 1, "network_distance": None}, True),
        ({"is_relationship": False, "network_distance": "FIRST_DEGREE"}, True),
        ({"network_distance": "SECOND_DEGREE"}, False),
        ({"network_distance": "A_WORD_OF_TOMORROW"}, False),
        ({"network_distance": None}, False),
        ({}, False),
    ],
)
def test_either_sign_of_a_connection_is_enough(told: dict[str, object], *, connected: bool) -> None:
    assert Profile.model_validate(PROFILE | told).connected is connected


@pytest.mark.parametrize(
    ("invitation", "pending"),
    [
        ({"type": "SENT", "status": "PENDING"}, True),
        ({"type": "RECEIVED", "status": "PENDING"}, False),
        ({"type": "SENT", "status": "WITHDRAWN"}, False),
        ({"type": "SENT", "status": "IGNORED"}, False),
        ({"type": "SENT", "status": "A_WORD_OF_TOMORROW"}, False),
        (None, False),
    ],
)
def test_only_our_own_unanswered_invitation_is_pending(invitation: dict[str, str] | None, *, pending: bool) -> None:
    assert Profile.model_validate(PROFILE | {"invitation": invitation}).invitation_pending is pending


def test_a_relation_dates_itself_in_milliseconds() -> None:
    relation = ListedRelation.model_validate({"member_id": "ACoAAAPerson", "created_at": 1740994200123})
    assert relation.created_at == datetime(2025, 3, 3, 9, 30, 0, 123000, tzinfo=UTC)


def test_a_message_tells_its_direction_with_a_number_and_may_not_leave_it_out() -> None:
    told: dict[str, object] = {"id": "m-1", "timestamp": "2025-03-03T09:30:00.000Z", "is_sender": 1, "behavior": 0}
    assert ListedMessage.model_validate(told).is_sender is True
    del told["is_sender"]
    with pytest.raises(ValidationError, match="is_sender"):
        ListedMessage.model_validate(told)


def test_a_chat_may_leave_its_name_and_moment_open() -> None:
    chat = ListedChat.model_validate({"id": "chat-1", "account_id": "acc-1", "name": None, "timestamp": None, "type": 0, "muted_until": -1})
    assert (chat.name, chat.timestamp, chat.type) == (None, None, 0)


def test_a_started_chat_may_leave_both_ids_open_but_must_be_one() -> None:
    started = ChatStarted.model_validate({"object": "ChatStarted", "chat_id": None, "message_id": None})
    assert (started.chat_id, started.message_id) == (None, None)
    with pytest.raises(ValidationError, match="object"):
        ChatStarted.model_validate({})


def test_numbers_where_the_documentation_says_text_are_taken() -> None:
    assert InvitationSent.model_validate({"invitation_id": 7461918827820281856}).invitation_id == "7461918827820281856"


def test_a_page_is_read_whole_or_not_at_all() -> None:
    good, bad = {"id": "7461918827820281856", "parsed_datetime": None}, {"invited_user": "nobody knows"}
    page = ProviderPage[PendingInvitation].model_validate_json(json.dumps({"object": "InvitationList", "items": [good], "cursor": None}))
    assert [row.id for row in page.items] == ["7461918827820281856"]
    with pytest.raises(ValidationError):
        ProviderPage[PendingInvitation].model_validate_json(json.dumps({"object": "InvitationList", "items": [good, bad], "cursor": None}))


def test_an_answer_cannot_be_changed() -> None:
    profile = Profile.model_validate(PROFILE)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(profile, "provider_id", "ACoAAAOther")  # noqa: B010  # mypy would refuse the plain assignment
