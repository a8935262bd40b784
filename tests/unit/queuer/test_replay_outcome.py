"""What one planning of a dry replay did to a prospect."""

from dataclasses import dataclass, field

import pytest

from services.queuer.rules.replay_outcome import difference


@dataclass(frozen=True)
class Position:
    status: str = "pending"
    sends: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Position(), Position(sends={"invite": "pending 12ab"}), "plan invite"),
        (Position(sends={"invite": "pending 00"}), Position(sends={"invite": "pending 12ab"}), "write anew invite"),
        (Position(), Position(sends={"invite": "failed 00"}), "write invite down as failed"),
        (Position(), Position("failed", {"invite": "skipped 00"}), "write invite down as skipped, end as failed"),
        (Position("messaging"), Position("completed"), "end as completed"),
        (Position(), Position(), "give an account"),
    ],
)
def test_the_difference_names_the_sends_and_the_end(before: Position, after: Position, expected: str) -> None:
    assert difference(before, after) == expected


def test_a_send_that_stayed_as_it_was_is_not_named() -> None:
    kept = {"invite": "sent 12ab"}
    assert difference(Position("connected", kept), Position("connected", kept | {"follow_up_1": "pending 34cd"})) == "plan follow_up_1"
