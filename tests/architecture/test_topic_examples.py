"""Every message that was ever agreed on can still be read: the golden examples against today's models."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.contracts.topics import TOPICS

EXAMPLES = Path(__file__).resolve().parents[2] / "shared/contracts/examples"
FILES = sorted(EXAMPLES.glob("*/*.json"))


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_an_example(topic: str) -> None:
    assert list((EXAMPLES / topic).glob("*.json"))


def test_there_is_no_example_of_a_topic_that_is_not_declared() -> None:
    assert {path.parent.name for path in FILES} == set(TOPICS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_comes_out_as_it_went_in(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    event = TOPICS[path.parent.name].message.model_validate_json(text)
    written = json.loads(event.model_dump_json())
    assert {name: written[name] for name in json.loads(text)} == json.loads(text)
    assert type(event).model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_field_that_only_a_newer_version_knows_is_ignored(path: Path) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    message = TOPICS[path.parent.name].message
    assert message.model_validate_json(json.dumps({**value, "from_the_future": {"any": "thing"}})) == message.model_validate(value)


@pytest.mark.parametrize("topic", TOPICS)
def test_an_example_shows_every_field_of_its_message(topic: str) -> None:
    shown = {name for path in (EXAMPLES / topic).glob("*.json") for name in json.loads(path.read_text(encoding="utf-8"))}
    assert shown == set(TOPICS[topic].message.model_fields)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_message_without_what_it_needs_is_refused(topic: str) -> None:
    with pytest.raises(ValidationError):
        TOPICS[topic].message.model_validate_json("{}")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topics_declaration_is_whole(topic: str) -> None:
    declared = TOPICS[topic]
    services = {"queuer", "sender", "poller", "healer"}
    assert declared.name == topic
    assert declared.dead_letters == f"{topic}.dlq"
    assert declared.event_type.startswith("tact.")
    assert declared.event_type.endswith(".v1")
    assert declared.producers
    assert declared.consumers
    assert set(declared.producers) <= services
    assert set(declared.consumers) <= services
