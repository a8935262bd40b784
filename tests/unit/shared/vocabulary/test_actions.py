"""The tables of actions and step types are whole: no action and no campaign type is missing from them."""

from shared.vocabulary import ACTIONS, STEP_TYPES, Action, ActionRole, CampaignType, Evidence


def test_every_action_has_its_facts() -> None:
    assert set(ACTIONS) == set(Action)
    assert all(action.facts is ACTIONS[action] and action.role is ACTIONS[action].role for action in Action)


def test_a_person_is_contacted_by_invitations_and_texts() -> None:
    assert {action for action in Action if action.facts.contacts} == {Action.INVITATION, Action.MESSAGE, Action.EMAIL}


def test_what_has_no_effect_needs_no_evidence_and_everything_else_names_its_evidence() -> None:
    assert {action for action in Action if action.facts.evidence is Evidence.REPEATABLE} == {
        action for action in Action if action.role is ActionRole.RESOLVE
    }


def test_a_campaign_of_each_type_begins_with_exactly_one_step_type_that_it_can_have() -> None:
    for campaign_type in CampaignType:
        assert len([kind for kind in STEP_TYPES if campaign_type in kind.first]) == 1
    assert all(kind.first <= kind.campaigns for kind in STEP_TYPES)


def test_the_words_of_step_types_differ_and_only_contacts_are_steps() -> None:
    assert len({kind.word for kind in STEP_TYPES}) == len(STEP_TYPES)
    assert all(kind.action.facts.contacts for kind in STEP_TYPES)
