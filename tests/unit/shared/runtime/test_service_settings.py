"""Settings of every service that are wrong are refused at the start, with the variable's name and what to write instead."""

import pytest

from shared.runtime.settings import ServiceSettings, SettingsError, load


@pytest.mark.parametrize("given", ["", "kafka-1:9092,", "kafka-1:9092;kafka-2:9092", "http://kafka-1:9092", "kafka-1:port", "kafka 1:9092"])
def test_a_misspelt_list_of_brokers_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TACT_KAFKA", given)
    with pytest.raises(SettingsError, match=r"TACT_KAFKA: .* is no list of brokers. Write host:port"):
        load(ServiceSettings)


@pytest.mark.parametrize("given", ["kafka-1", "kafka-1:9092, kafka-2:9092", "[::1]:9092", "10.0.0.1:9092"])
def test_what_names_brokers_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TACT_KAFKA", given)
    assert load(ServiceSettings).kafka == given
