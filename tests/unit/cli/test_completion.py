"""Completion of names asks the API, and says nothing at all when there is none."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli.completion import complete_account, complete_campaign, complete_context, complete_workspace
from cli.context import Context, store_context
from embedded.ports import free_port

ROWS = {
    "/api/campaigns": {"campaigns": [{"campaign_name": name} for name in ("Autumn", "Août", "Winter")]},
    "/api/accounts": {"accounts": [{"name": "Ana"}, {"name": "Bo"}]},
    "/api/workspaces": {"workspaces": [{"company_name": "Acme GmbH"}]},
}


class Answers(BaseHTTPRequestHandler):
    """The lists of the API."""

    def do_GET(self) -> None:
        body = json.dumps(ROWS[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def own_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACT_CONFIG", str(tmp_path / "contexts.json"))
    monkeypatch.delenv("TACT_URL", raising=False)
    monkeypatch.setenv("TACT_TOKEN", "tact_any")
    monkeypatch.setattr("cli.context._Selection.name", None)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("TACT_URL", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("api")
def test_names_that_begin_so_are_given_whatever_their_case() -> None:
    assert complete_campaign("a") == ["Août", "Autumn"]
    assert complete_account("B") == ["Bo"]
    assert complete_workspace("acme") == ["Acme GmbH"]


def test_a_stack_that_does_not_answer_completes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TACT_URL", f"http://127.0.0.1:{free_port()}")
    assert complete_campaign("") == complete_account("") == complete_workspace("") == []
    assert capsys.readouterr() == ("", "")


def test_contexts_are_completed_from_the_file(tmp_path: Path) -> None:
    assert complete_context("") == []
    store_context("prod", Context("https://tact.example.com", "t"), use=True)
    store_context("local", Context("http://127.0.0.1:8080", "t"), use=False)
    assert complete_context("p") == ["prod"]
    (tmp_path / "contexts.json").write_text("broken")
    assert complete_context("") == []
