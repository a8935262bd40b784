"""What the client refuses before anything is asked."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from shared.unipile.client import UnipileClient, UnusableIdentifierError, checked_identifier
from shared.unipile.wire import Address, read_address

KEY = SecretStr("a-key")


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("api8.unipile.com:13443", "https://api8.unipile.com:13443/api/v1"),
        ("  api8.unipile.com:13443/ ", "https://api8.unipile.com:13443/api/v1"),
        ("api8.unipile.com", "https://api8.unipile.com/api/v1"),
        ("https://api8.unipile.com:13443", "https://api8.unipile.com:13443/api/v1"),
        ("https://api8.unipile.com:13443/api/v1/", "https://api8.unipile.com:13443/api/v1"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/api/v1"),
        ("http://[::1]:9000", "http://[::1]:9000/api/v1"),
    ],
)
def test_a_dsn_and_a_full_url_name_the_same_address(given: str, root: str) -> None:
    assert read_address(given) == Address(root=root)


def test_a_firewalled_port_travels_as_a_parameter() -> None:
    assert read_address("https://api8.unipile.com?port=13443") == Address("https://api8.unipile.com/api/v1", (("port", "13443"),))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "is not a Unipile address"),
        ("ftp://api8.unipile.com", "is not a Unipile address"),
        ("https://", "is not a Unipile address"),
        ("api8 unipile com", "is not a Unipile address"),
        ("api8.unipile.com:port", "port that is not a number"),
        ("api8.unipile.com:99999", "port that is not a number"),
        ("https://api8.unipile.com/api/v2", "is too much"),
        ("https://somebody:hunter2@api8.unipile.com", "must not hold a user"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_with_an_example(given: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        read_address(given)
    assert "api8.unipile.com:13443" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "   ", "two words", "line\nbreak", "schlüssel"])
def test_a_key_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        UnipileClient("api8.unipile.com:13443", SecretStr(key), timeout=timedelta(seconds=5))
    assert not key.strip() or key not in str(caught.value)


def test_numbers_that_cannot_be_right_are_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        UnipileClient("api8.unipile.com", KEY, timeout=timedelta(0))
    with pytest.raises(ValueError, match="At least one connection"):
        UnipileClient("api8.unipile.com", KEY, timeout=timedelta(seconds=5), max_connections=0)


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (" ayse-ornek", "spaces around"),
        ("profile", "word of Unipile's route"),
        ("Profile", "word of Unipile's route"),
        ("me", "word of Unipile's route"),
        ("relations", "word of Unipile's route"),
        ("invite", "word of Unipile's route"),
        ("https://www.linkedin.com/in/ayse-ornek", "URL or a path"),
        ("profile?identifier=ayse-ornek", "URL or a path"),
        ("in/ayse-ornek", "URL or a path"),
        ("..", "URL or a path"),
        ("ay%C5%9Fe-%C3%B6rnek", "escaped"),
        ("half-\ud800", "half a character"),
    ],
)
def test_what_names_no_person_is_refused_before_it_is_asked(identifier: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_identifier(identifier)


@pytest.mark.parametrize("identifier", ["ayse-ornek", "ayşe-örnek-1", "profile-2", "ACoAAA_b-c", "ACwAAA", "李-小龙", "o'brien", "a:b@c"])
def test_vanities_of_every_language_and_provider_ids_are_taken(identifier: str) -> None:
    assert checked_identifier(identifier) == identifier


async def test_a_client_that_is_not_open_says_how_to_open_it() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await UnipileClient("api8.unipile.com", KEY, timeout=timedelta(seconds=5)).account("acc-1")


async def test_refused_arguments_name_what_is_wrong() -> None:
    client = UnipileClient("api8.unipile.com", KEY, timeout=timedelta(seconds=5))
    with pytest.raises(UnusableIdentifierError):
        await client.profile("acc-1", "profile")
    with pytest.raises(ValueError, match="id of the account is empty"):
        await client.profile("", "ayse-ornek")
    with pytest.raises(ValueError, match="id of the person is empty"):
        await client.invite("acc-1", " ")
    with pytest.raises(ValueError, match="note is empty"):
        await client.invite("acc-1", "ACoAAA", "")
    with pytest.raises(ValueError, match="message is empty"):
        await client.start_chat("acc-1", "ACoAAA", "\n")
    with pytest.raises(ValueError, match="half a character at position 3"):
        await client.start_chat("acc-1", "ACoAAA", "hi \ud83d")
    with pytest.raises(ValueError, match="1 to 1000 rows, not 1001"):
        await client.relations("acc-1", limit=1001)
    with pytest.raises(ValueError, match="1 to 250 rows, not 0"):
        await client.chats("acc-1", limit=0)
    with pytest.raises(ValueError, match="not of both and not of neither"):
        await client.messages()
    with pytest.raises(ValueError, match="not of both and not of neither"):
        await client.messages(account_id="acc-1", chat_id="chat-1")
    with pytest.raises(ValueError, match="no address for webhooks"):
        await client.ensure_webhooks("tact.example.org/hook", SecretStr("s"))
    with pytest.raises(ValueError, match="secret of the webhooks is empty"):
        await client.ensure_webhooks("https://tact.example.org/hook", SecretStr(""))
