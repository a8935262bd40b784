"""The bench of replays publishes events, and refuses what it cannot measure."""

from uuid import uuid4

import pytest

from bench.replay import MEASURED, events, main
from shared.contracts.topics import TOPICS


@pytest.mark.parametrize("topic", MEASURED)
def test_what_it_publishes_is_what_producers_say(topic: str) -> None:
    accounts = [uuid4(), uuid4()]
    made = list(events(topic, 3, uuid4(), accounts))
    assert [account for account, _ in made] == [accounts[0], accounts[1], accounts[0]]
    for account, body in made:
        event = TOPICS[topic].message.model_validate_json(body)
        assert getattr(event, "account_id", None) == account


@pytest.mark.parametrize("many", ["0", "-1", "99999999999", "many"])
def test_a_number_nobody_can_measure_is_refused(many: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--events", many])
    assert ended.value.code == 2
    assert "--events" in capsys.readouterr().err
