"""Steps made from templates: their order, their waits, and what is refused."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from services.queuer.rules.campaigns.steps import LATER, MOST_STEPS, Wish, in_order, ready_to_start, steps_of, wishes
from services.queuer.rules.planning.next_step import WorkflowStep
from shared.refusals import Refused
from shared.vocabulary import Action, CampaignType


def made(campaign_type: CampaignType, templates: Mapping[str, str], delays: Mapping[str, float] | None = None) -> tuple[WorkflowStep, ...]:
    return steps_of(campaign_type, wishes(templates, delays or {}))


def test_a_connector_invites_first_then_writes_then_follows_up() -> None:
    texts = {"follow_up_2": "d", "follow_up_1": "c", "direct_message_2": "b", "direct_message_1": "a", "connection_request": "Hi"}
    steps = made(CampaignType.CONNECTOR, texts)
    assert [step.message_type for step in steps] == list(reversed(texts))
    assert [step.position for step in steps] == [1, 2, 3, 4, 5]
    assert [step.action for step in steps] == [Action.INVITATION, *[Action.MESSAGE] * 4]
    assert [step.delay for step in steps] == [timedelta(), *[LATER] * 4]
    assert [step.requires_connection for step in steps] == [False, True, True, True, True]


def test_a_messenger_writes_at_once_and_only_to_connections() -> None:
    first, second = made(CampaignType.MESSENGER, {"direct_message_1": "a", "direct_message_2": "b"})
    assert (first.delay, first.requires_connection) == (timedelta(), True)
    assert second.delay == timedelta(days=3)


def test_message_types_are_ordered_by_number_and_not_by_letter() -> None:
    assert in_order(["follow_up_10", "follow_up_2", "direct_message_1"]) == ["direct_message_1", "follow_up_2", "follow_up_10"]


def test_a_delay_is_given_in_hours_even_in_part_of_one() -> None:
    steps = made(CampaignType.CONNECTOR, {"connection_request": "", "follow_up_1": "x"}, {"follow_up_1": 1.5, "connection_request": 2})
    assert [step.delay for step in steps] == [timedelta(hours=2), timedelta(minutes=90)]


def test_an_order_of_ones_own_is_kept() -> None:
    steps = steps_of(CampaignType.MESSENGER, [Wish("follow_up_1", "a"), Wish("direct_message_1", "b", timedelta(hours=1))])
    assert [(step.message_type, step.delay) for step in steps] == [("follow_up_1", timedelta()), ("direct_message_1", timedelta(hours=1))]


def test_an_empty_invitation_is_one_without_a_note_and_every_other_empty_text_is_refused() -> None:
    assert made(CampaignType.CONNECTOR, {"connection_request": " "})[0].template == " "
    with pytest.raises(Refused, match=r"direct_message_1 cannot be used\. Character 1: the template is empty"):
        made(CampaignType.MESSENGER, {"direct_message_1": " "})


@pytest.mark.parametrize(
    ("campaign_type", "templates", "delays", "says"),
    [
        (CampaignType.CONNECTOR, {"direct_message_0": "a"}, {}, "'direct_message_0' is no message type"),
        (CampaignType.CONNECTOR, {"direct_message_100": "a"}, {}, "is no message type"),
        (
            CampaignType.CONNECTOR,
            {"email_1": "a"},
            {},
            "has no email_1; it takes connection_request, direct_message_N",
        ),
        (CampaignType.MESSENGER, {"connection_request": "a"}, {}, "A messenger campaign has no connection_request"),
        (CampaignType.EMAIL, {"follow_up_1": "a"}, {}, "it takes email_N"),
        (CampaignType.MESSENGER, {"direct_message_1": "Hi {nickname}"}, {}, "Character 4: '{nickname}' is no placeholder"),
        (CampaignType.MESSENGER, {"direct_message_1": "a\x00b"}, {}, "zero byte"),
        (CampaignType.MESSENGER, {"direct_message_1": "a" * 8001}, {}, "8001 characters"),
        (CampaignType.CONNECTOR, {"connection_request": "é" * 301}, {}, "301 characters without its placeholders; at most 300"),
        (CampaignType.MESSENGER, {"direct_message_1": "a"}, {"direct_message_1": -1}, "is -1 hours; write 0 to 8760"),
        (CampaignType.MESSENGER, {"direct_message_1": "a"}, {"direct_message_1": float("nan")}, "is nan hours"),
        (CampaignType.MESSENGER, {"direct_message_1": "a"}, {"follow_up_1": 1}, "which has no template"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_reason(
    campaign_type: CampaignType, templates: dict[str, str], delays: dict[str, float], says: str
) -> None:
    with pytest.raises(Refused) as refused:
        made(campaign_type, templates, delays)
    assert says in refused.value.message


def test_a_template_that_does_not_parse_names_the_step_and_the_character() -> None:
    with pytest.raises(Refused) as refused:
        made(CampaignType.MESSENGER, {"direct_message_1": "Hello }"})
    assert refused.value.code == "template"
    assert refused.value.details == {"message_type": "direct_message_1", "position": 7}


def test_nobody_can_be_invited_after_a_message() -> None:
    with pytest.raises(Refused, match="must be the first step"):
        steps_of(CampaignType.CONNECTOR, [Wish("direct_message_1", "a"), Wish("connection_request", "")])


def test_a_step_stands_once_and_there_are_not_too_many() -> None:
    with pytest.raises(Refused, match="stands twice"):
        steps_of(CampaignType.MESSENGER, [Wish("direct_message_1", "a"), Wish("direct_message_1", "b")])
    with pytest.raises(Refused, match="31 steps; 30 are the most"):
        steps_of(CampaignType.MESSENGER, [Wish(f"follow_up_{number}", "a") for number in range(1, MOST_STEPS + 2)])


def test_a_campaign_starts_only_with_the_step_its_type_begins_with() -> None:
    ready_to_start(CampaignType.CONNECTOR, made(CampaignType.CONNECTOR, {"connection_request": ""}))
    ready_to_start(CampaignType.MESSENGER, made(CampaignType.MESSENGER, {"direct_message_1": "a"}))
    with pytest.raises(Refused, match=r"has no steps\. Give it a template for connection_request first"):
        ready_to_start(CampaignType.CONNECTOR, ())
    with pytest.raises(Refused, match="begins with direct_message_1, and this one has only follow_up_1"):
        ready_to_start(CampaignType.MESSENGER, made(CampaignType.MESSENGER, {"follow_up_1": "a"}))
