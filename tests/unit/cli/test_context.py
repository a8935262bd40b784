"""Contexts: the file is private and whole at any moment, and a token goes to its own address alone."""

import json
import os
import stat
from pathlib import Path

import pytest

from cli.context import Context, current, read_contexts, remove_context, select_context, store_context, use_context
from cli.errors import CommandError

PROD = Context("https://tact.example.com", "tact_prod")
LOCAL = Context("http://127.0.0.1:8080", "tact_local")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of contexts of this test's own, and no address in the environment."""
    place = tmp_path / "config" / "contexts.json"
    monkeypatch.setenv("TACT_CONFIG", str(place))
    for name in ("TACT_URL", "TACT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("cli.context._Selection.name", None)
    return place


def test_the_first_context_becomes_the_current_one_and_a_second_one_when_asked() -> None:
    store_context("prod", PROD, use=False)
    store_context("local", LOCAL, use=False)
    assert current() == PROD
    store_context("local", LOCAL, use=True)
    assert current() == LOCAL
    use_context("prod")
    assert current() == PROD


def test_only_the_owner_may_read_the_file_and_nothing_is_left_beside_it(file: Path) -> None:
    store_context("prod", PROD, use=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {each.name for each in file.parent.iterdir()} == {"contexts.json", ".contexts.json.lock"}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(file: Path, mode: int) -> None:
    store_context("prod", PROD, use=True)
    file.chmod(mode)
    with pytest.raises(CommandError, match="chmod 600"):
        current()
    with pytest.raises(CommandError, match="chmod 600"):
        store_context("local", LOCAL, use=True)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"contexts": []}', '{"contexts": {"a": {"url": "http://x"}}}', "\xff"])
def test_a_broken_file_is_one_sentence_and_stays_as_it_is(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_bytes(content.encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(CommandError, match=r"contexts\.json"):
        store_context("local", LOCAL, use=True)
    assert file.read_bytes() == content.encode("latin-1")


def test_the_environment_wins_and_needs_no_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.parent.mkdir()
    file.write_text("broken")
    monkeypatch.setenv("TACT_URL", "https://other.example.com/")
    monkeypatch.setenv("TACT_TOKEN", "tact_other")
    assert current() == Context("https://other.example.com", "tact_other")


def test_a_stored_token_is_not_sent_to_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    store_context("prod", PROD, use=True)
    monkeypatch.setenv("TACT_URL", "https://other.example.com")
    assert current() == Context("https://other.example.com", "")
    monkeypatch.setenv("TACT_URL", PROD.url)
    assert current() == PROD


def test_a_token_of_the_environment_replaces_the_stored_one(monkeypatch: pytest.MonkeyPatch) -> None:
    store_context("prod", PROD, use=True)
    monkeypatch.setenv("TACT_TOKEN", "tact_viewer")
    assert current() == Context(PROD.url, "tact_viewer")


def test_the_option_names_a_context_and_contradicts_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    store_context("prod", PROD, use=True)
    store_context("local", LOCAL, use=False)
    select_context("local")
    assert current() == LOCAL
    select_context("unknown")
    with pytest.raises(CommandError, match="There are: local, prod"):
        current()
    monkeypatch.setenv("TACT_URL", PROD.url)
    with pytest.raises(CommandError, match="TACT_URL is set"):
        current()


def test_removing_the_current_context_leaves_the_one_before_or_none() -> None:
    store_context("prod", PROD, use=True)
    store_context("local", LOCAL, use=True)
    remove_context("local", then_use="prod")
    assert current() == PROD
    remove_context("prod")
    assert read_contexts().current is None
    with pytest.raises(CommandError, match="no context 'prod'"):
        remove_context("prod")


@pytest.mark.parametrize(
    ("name", "url"), [("a b", PROD.url), ("", PROD.url), ("x" * 65, PROD.url), ("x", "tact.example.com"), ("x", "ftp://x")]
)
def test_a_name_or_an_address_that_cannot_be_used_is_refused(name: str, url: str) -> None:
    with pytest.raises(CommandError):
        store_context(name, Context(url, ""), use=False)


def test_a_write_that_fails_leaves_the_stored_contexts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_context("prod", PROD, use=True)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="No space left"):
        store_context("local", LOCAL, use=True)
    assert list(json.loads(file.read_text())["contexts"]) == ["prod"]
    assert [each.name for each in file.parent.glob(".contexts.json.[0-9]*")] == []
