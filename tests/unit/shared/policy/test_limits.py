"""How much an account may do, and what people may configure."""

from datetime import date, timedelta

import pytest

from shared.policy import (
    MOST_INVITATIONS_A_DAY,
    MOST_WEEKLY_INVITATIONS,
    SPACING,
    TIERS,
    daily_caps,
    jitter,
    note_limit,
    warm_up_cap,
    warm_up_percent,
    weekly_invitations,
)
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


@pytest.mark.parametrize("tier", TIERS)
def test_no_tier_goes_over_what_an_account_type_may_be_set_to(tier: str) -> None:
    for account_type in AccountType:
        cap = TIERS[tier].invitations[account_type]
        assert 1 <= cap <= MOST_INVITATIONS_A_DAY[account_type]
        assert daily_caps(account_type, workspace_daily_cr_limit=None, account_daily_cr_limit=None, tier=tier)[Action.INVITATION] == cap
    assert weekly_invitations(tier=tier) <= MOST_WEEKLY_INVITATIONS


def test_a_tier_gives_the_defaults_and_a_number_somebody_set_speaks_before_it() -> None:
    enterprise = daily_caps(NAVIGATOR, workspace_daily_cr_limit=None, account_daily_cr_limit=None, tier="enterprise")
    assert dict(enterprise) == {
        Action.INVITATION: 80,
        Action.MESSAGE: 120,
        Action.PROFILE_LOOKUP: 100,
        Action.EMAIL: 500,
        Action.WITHDRAWAL: 40,
    }
    lowered = daily_caps(
        NAVIGATOR, workspace_daily_cr_limit=30, account_daily_cr_limit=None, tier="enterprise", messages=10, lookups=20, emails=30
    )
    assert list(lowered.values()) == [30, 10, 20, 30, 40]
    assert [weekly_invitations(tier="enterprise"), weekly_invitations(60, tier="enterprise")] == [200, 60]


def test_a_word_of_an_older_version_that_is_no_tier_counts_as_standard() -> None:
    assert daily_caps(PREMIUM, workspace_daily_cr_limit=None, account_daily_cr_limit=None, tier="gold")[Action.INVITATION] == 40


def test_a_written_exception_lifts_the_most_of_the_type_and_never_above_a_hundred() -> None:
    def with_exception(exception: int, wanted: int) -> int:
        caps = daily_caps(FREE, workspace_daily_cr_limit=None, account_daily_cr_limit=wanted, exception=exception)
        return caps[Action.INVITATION]

    assert [with_exception(60, 100), with_exception(60, 35), with_exception(500, 500), with_exception(5, 100)] == [60, 35, 100, 20]


def test_nobody_sets_more_of_the_other_actions_than_the_provider_bears() -> None:
    caps = daily_caps(FREE, workspace_daily_cr_limit=None, account_daily_cr_limit=None, messages=999, lookups=999, emails=9999)
    assert (caps[Action.MESSAGE], caps[Action.PROFILE_LOOKUP], caps[Action.EMAIL]) == (150, 100, 500)


def test_a_new_account_warms_up_from_a_fifth_to_everything_on_day_fourteen() -> None:
    first = date(2026, 6, 1)
    shares = [warm_up_percent(first, first + timedelta(days=number)) for number in range(-1, 16)]
    assert shares == [20, 20, 26, 32, 38, 44, 50, 56, 62, 68, 74, 80, 86, 92, 98, 100, 100]
    assert [warm_up_cap(40, first, first + timedelta(days=number)) for number in (0, 1, 13, 14)] == [8, 10, 39, 40]
    assert [warm_up_cap(cap, first, first) for cap in (1, 2, 4, 5)] == [1, 1, 1, 1]
    assert (warm_up_percent(None, first), warm_up_cap(40, None, first)) == (100, 40)
