"""What is declared of a topic once is what every service does with it: its handler, its dry run and the words of its notice."""

from importlib import import_module

import pytest

from shared.contracts.topics import TOPICS
from shared.kafka.subscriptions import Subscription
from tests.architecture.source import SERVICES


def subscriptions(service: str) -> list[Subscription[object, object]]:
    """The service's list; the poller consumes nothing and has none."""
    try:
        return list(import_module(f"services.{service}.handlers").SUBSCRIPTIONS)
    except ModuleNotFoundError:
        return []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_subscribes_once_to_each_topic_that_names_it_as_consumer(service: str) -> None:
    declared = sorted(name for name, topic in TOPICS.items() if service in topic.consumers)
    assert sorted(each.topic.name for each in subscriptions(service)) == declared


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_says_what_its_stopped_consumer_means(topic: str) -> None:
    words = TOPICS[topic].while_stopped
    assert words.endswith(".")
    assert len(words) > len("It is stopped.")


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_consumer_with_a_handler_and_a_dry_run(topic: str) -> None:
    found = [each for service in SERVICES for each in subscriptions(service) if each.topic.name == topic]
    assert found
    assert all(callable(each.handle) and callable(each.rehearse) for each in found)
