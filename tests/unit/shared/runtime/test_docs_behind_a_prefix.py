"""The documentation of a service works at its own address and behind the one address for users."""

import httpx

from shared.runtime.settings import ServiceSettings
from shared.service.http import make_app
from shared.service.process import Service


async def test_the_documentation_asks_for_the_description_where_it_was_opened() -> None:
    app = make_app(Service("queuer", ServiceSettings(), port=0), title="A service", description="For this test.")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tact") as client:
        direct = (await client.get("/docs")).text
        behind = (await client.get("/docs", headers={"x-forwarded-prefix": "/queuer"})).text
        described = await client.get("/openapi.json", headers={"x-forwarded-prefix": "/queuer"})
    assert "url: '/openapi.json'" in direct
    assert "url: '/queuer/openapi.json'" in behind
    assert described.status_code == 200
