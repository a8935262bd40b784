"""Who may call the cron routes."""

import pytest
from fastapi import Request
from pydantic import SecretStr

from shared.runtime.settings import ServiceSettings
from shared.service.http import CronError, require_cron_secret
from shared.service.process import Service


def asked_with(header: str | None) -> Request:
    """A request with that x-cron-secret, or without one."""
    headers = [] if header is None else [(b"x-cron-secret", header.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers})


@pytest.mark.parametrize("secret", [None, SecretStr("")], ids=["unset", "empty"])
@pytest.mark.parametrize("header", [None, "", "anything"], ids=["none", "empty", "some"])
async def test_without_a_secret_of_ours_nobody_may_call(secret: SecretStr | None, header: str | None) -> None:
    service = Service("healer", ServiceSettings(cron_secret=secret), port=0)
    with pytest.raises(CronError, match="Unauthorized"):
        require_cron_secret(service, asked_with(header))


async def test_the_right_secret_may_and_a_wrong_one_may_not() -> None:
    service = Service("healer", ServiceSettings(cron_secret=SecretStr("right")), port=0)
    require_cron_secret(service, asked_with("right"))
    with pytest.raises(CronError, match="Unauthorized"):
        require_cron_secret(service, asked_with("wrong"))
