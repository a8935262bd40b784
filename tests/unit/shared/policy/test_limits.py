"""How much an account may do, and what people may configure."""

from datetime import timedelta

import pytest

from shared.policy import SPACING, daily_caps, jitter, note_limit, weekly_invitations
from shared.vocabulary import AccountType, Action

FREE, PREMIUM, NAVIGATOR = AccountType.FREE, AccountType.PREMIUM, AccountType.SALES_NAVIGATOR


def invitations(account_type: AccountType, workspace: int | None = None, account: int | None = None) -> int:
    return daily_caps(account_type, workspace_daily_cr_limit=workspace, account_daily_cr_limit=account)[Action.INVITATION]


@pytest.mark.parametrize(("account_type", "cap"), [(FREE, 20), (PREMIUM, 40), (NAVIGATOR, 40)])
def test_invitations_have_a_default_by_account_type(account_type: AccountType, cap: int) -> None:
    assert invitations(account_type) == cap


@pytest.mark.parametrize(("account_type", "most"), [(FREE, 20), (PREMIUM, 50), (NAVIGATOR, 100)])
def test_a_configured_limit_replaces_the_default_up_to_the_most_a_type_allows(account_type: AccountType, most: int) -> None:
    assert invitations(account_type, workspace=7) == 7
    assert invitations(account_type, workspace=100) == most


def test_the_accounts_own_limit_speaks_before_the_workspaces() -> None:
    assert invitations(PREMIUM, workspace=30, account=45) == 45


def test_the_other_actions_have_caps_of_their_own() -> None:
    caps = daily_caps(FREE, workspace_daily_cr_limit=5, account_daily_cr_limit=None)
    assert {action: caps[action] for action in Action if action is not Action.INVITATION} == {
        Action.MESSAGE: 100,
        Action.PROFILE_LOOKUP: 100,
        Action.EMAIL: 200,
        Action.WITHDRAWAL: 40,
    }


def test_a_limit_that_lets_nothing_leave_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"daily_cr_limit of 0.*pause the account"):
        invitations(FREE, workspace=0)
    with pytest.raises(ValueError, match="weekly limit of -1"):
        weekly_invitations(-1)


def test_no_configuration_lifts_the_week_above_two_hundred() -> None:
    assert [weekly_invitations(), weekly_invitations(50), weekly_invitations(1000)] == [100, 50, 200]


def test_a_note_is_shorter_on_a_free_account() -> None:
    assert [note_limit(FREE), note_limit(PREMIUM), note_limit(NAVIGATOR)] == [200, 300, 300]


def test_the_jitter_is_the_same_for_the_same_seed_and_within_a_quarter_of_the_spacing() -> None:
    added = [jitter(f"send {number}") for number in range(500)]
    assert added == [jitter(f"send {number}") for number in range(500)]
    assert all(timedelta() <= each <= SPACING / 4 for each in added)
    assert max(added) > SPACING / 4 * 0.95
    assert min(added) < SPACING / 4 * 0.05
    assert jitter(7, timedelta()) == timedelta()
