"""Settings of every service that are wrong are refused at the start, with the variable's name and what to write instead."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.healer.settings import HealerSettings
from services.sender.settings import SenderSettings
from shared.runtime.settings import DecisionSettings, ServiceSettings, SettingsError, load


@pytest.mark.parametrize("given", ["", "kafka-1:9092,", "kafka-1:9092;kafka-2:9092", "http://kafka-1:9092", "kafka-1:port", "kafka 1:9092"])
def test_a_misspelt_list_of_brokers_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TACT_KAFKA", given)
    with pytest.raises(SettingsError, match=r"TACT_KAFKA: .* is no list of brokers. Write host:port"):
        load(ServiceSettings)


@pytest.mark.parametrize("given", ["kafka-1", "kafka-1:9092, kafka-2:9092", "[::1]:9092", "10.0.0.1:9092"])
def test_what_names_brokers_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TACT_KAFKA", given)
    assert load(ServiceSettings).kafka == given


@pytest.mark.parametrize("seconds", [0, 61])
def test_a_decision_may_not_get_older_than_the_healer_waits_for(seconds: int) -> None:
    with pytest.raises(ValidationError):
        DecisionSettings(sender_act_within=timedelta(seconds=seconds))
    assert issubclass(SenderSettings, DecisionSettings)
    assert issubclass(HealerSettings, DecisionSettings)
