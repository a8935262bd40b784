"""Every refusal of a workflow becomes one answer: its status by its class, its code and details as they are."""

from typing import Any

import httpx
import pytest

from shared.refusals import Busy, Conflict, NotFound, Refused
from shared.runtime.settings import ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service


async def answer_to(refusal: Refused) -> Any:
    app = make_app(Service("queuer", ServiceSettings(), port=0), title="A service", description="For this test.")

    @app.get("/it")
    async def it() -> None:
        raise refusal

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tact") as client:
        return await client.get("/it")


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Refused("Write less."), 422, "refused"),
        (NotFound("There is none."), 404, "not_found"),
        (Conflict("It runs."), 409, "conflict"),
        (Busy("Later."), 429, "busy"),
        (Conflict("It runs.", code="wrong_status"), 409, "wrong_status"),
        (Refused("Too long.", code="too_long", details={"field": "name"}), 422, "too_long"),
    ],
)
async def test_the_class_of_a_refusal_is_its_status(refusal: Refused, status: int, code: str) -> None:
    answer = await answer_to(refusal)
    assert answer.status_code == status
    assert answer.json()["error"] == {"code": code, "message": refusal.message, "details": refusal.details}


async def test_classes_of_refusals_have_their_own_status() -> None:
    answers = {kind: (await answer_to(kind("x"))).status_code for kind in (Refused, NotFound, Conflict, Busy)}
    assert answers == {Refused: 422, NotFound: 404, Conflict: 409, Busy: 429}
