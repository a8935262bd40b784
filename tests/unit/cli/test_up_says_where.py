"""What `tact up` prints once everything runs."""

from cli.stack import where
from embedded.addresses import Addresses

HERE = Addresses(
    url="http://127.0.0.1:8080",
    database_url="postgresql://127.0.0.1:5499/tact",
    kafka="127.0.0.1:9592",
    unipile_url="http://127.0.0.1:3080",
    services={"queuer": "http://127.0.0.1:8081"},
    cron_secret="made-up",
    webhook_secret="hidden",
    unipile_api_key="hidden",
)


def test_a_cron_secret_that_was_made_up_is_shown_and_one_that_somebody_set_is_not() -> None:
    shown = "\n".join(where(HERE, made_up=True))
    assert "x-cron-secret: made-up" in shown
    assert "http://127.0.0.1:8080/queuer/docs" in shown
    assert "hidden" not in shown
    assert "made-up" not in "\n".join(where(HERE, made_up=False))
