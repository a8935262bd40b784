"""Where notices may be sent, and how much of an address is shown."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.notices.addresses import AddressError, check_mail, check_url, mask_target, refuse_address
from shared.vocabulary import NoticeMedium


@pytest.mark.parametrize("url", ["https://example.com/hook", "http://hooks.example.com:8443/a?b=c", "https://[2606:4700::1111]/x"])
def test_an_address_of_the_public_internet_is_taken_as_it_is(url: str) -> None:
    assert check_url(f" {url} ", private=False) == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "like https://"),
        ("example.com/hook", "like https://"),
        ("https:///hook", "like https://"),
        ("", "like https://"),
        ("https://user:word@example.com/", "user or password"),
        ("https://user@example.com/", "user or password"),
        ("https://example.com:99999/", "cannot be read"),
        ("https://[::1/", "cannot be read"),
        ("https://example.com/\r\nX-Evil: 1", "line break"),
        ("https://example.com/ x", "space"),
        ("https://example.com/" + "a" * 2_000, "longer than"),
        ("http://localhost/", "this machine itself"),
        ("http://127.0.0.1/", "TACT_NOTICES_TO_PRIVATE"),
        ("http://192.168.1.2/", "TACT_NOTICES_TO_PRIVATE"),
        ("http://[::ffff:10.0.0.1]/", "TACT_NOTICES_TO_PRIVATE"),
        ("http://169.254.169.254/latest/meta-data", "never sent there"),
    ],
)
def test_any_other_is_refused_with_what_to_do(url: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        check_url(url, private=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "https://10.1.2.3/", "http://[fd12::1]/", "http://100.64.0.9/"]
)
def test_receivers_of_ones_own_are_reached_where_the_setting_says_so(url: str) -> None:
    assert check_url(url, private=True) == url


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_metadata_services_and_what_is_no_host_are_refused_whatever_the_setting_says(address: str, private: bool) -> None:
    assert "never sent there" in str(refuse_address(ipaddress.ip_address(address), private=private))


@given(st.ip_addresses())
def test_nothing_outside_the_public_internet_is_reached_unless_private_networks_are(address: ipaddress.IPv4Address) -> None:
    if refuse_address(address, private=False) is None:
        assert refuse_address(address, private=True) is None
        mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
        assert address.is_global or mapped or address in ipaddress.ip_network("64:ff9b::/96")


@pytest.mark.parametrize("address", ["ana@example.com", " ana.b+c@mail.example.co "])
def test_one_mail_address_is_taken(address: str) -> None:
    assert check_mail(address) == address.strip()


@pytest.mark.parametrize(
    "address", ["ana", "a@b@c", "ana@example.com,bo@example.com", "Ana <ana@example.com>", "ana@example.com\r\nBcc: x@example.com", "@", ""]
)
def test_anything_else_is_no_mail_address(address: str) -> None:
    with pytest.raises(AddressError, match="one alone"):
        check_mail(address)


def test_what_is_secret_in_an_address_is_not_shown() -> None:
    assert mask_target(NoticeMedium.SLACK, "https://hooks.slack.com/services/T0/B0/secret") == "https://hooks.slack.com/…"
    assert mask_target(NoticeMedium.WEBHOOK, "https://example.com/hook?token=secret#frag") == "https://example.com/hook?…"
    assert mask_target(NoticeMedium.WEBHOOK, "https://example.com/hook") == "https://example.com/hook"
    assert mask_target(NoticeMedium.EMAIL, "ana@example.com") == "ana@example.com"
