"""What one planning of a dry replay did to a prospect."""

from uuid import UUID

import pytest

from services.queuer.rules.replay_outcome import ProspectState, describe_difference


def state(status: str = "pending", **sends: str) -> ProspectState:
    return ProspectState(UUID(int=1), status, None, sends)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (state(), state(invite="pending 12ab"), "plan invite"),
        (state(invite="pending 00"), state(invite="pending 12ab"), "write anew invite"),
        (state(), state(invite="failed 00"), "write invite down as failed"),
        (state(), state("failed", invite="skipped 00"), "write invite down as skipped, end as failed"),
        (state("messaging"), state("completed"), "end as completed"),
        (state(), state(), "give an account"),
    ],
)
def test_the_difference_names_the_sends_and_the_end(before: ProspectState, after: ProspectState, expected: str) -> None:
    assert describe_difference(before, after) == expected


def test_a_send_that_stayed_as_it_was_is_not_named() -> None:
    before = state("connected", invite="sent 12ab")
    assert describe_difference(before, state("connected", invite="sent 12ab", follow_up_1="pending 34cd")) == "plan follow_up_1"
