"""The metric of denials knows every reason before the first of them: an increase from nothing is none to Prometheus."""

from prometheus_client import REGISTRY

from services.sender.metrics import CIRCUIT_OPEN
from shared.policy import ALREADY_INVITED, Reason


def test_every_reason_not_to_send_is_there_from_the_start() -> None:
    for reason in (*Reason, ALREADY_INVITED, CIRCUIT_OPEN):
        assert REGISTRY.get_sample_value("tact_send_denials_total", {"reason": str(reason)}) is not None
