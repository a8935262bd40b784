"""Where a notice may be sent: which addresses are refused, and how much of one is shown."""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shared.vocabulary import NoticeMedium

LONGEST_URL: Final = 2_000  # characters; what servers and proxies take without complaint
LONGEST_MAIL: Final = 254  # characters, RFC 5321 §4.5.3.1.3
PRIVATE: Final = "TACT_NOTICES_TO_PRIVATE"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA: Final = frozenset({ipaddress.ip_address("100.100.100.200"), ipaddress.ip_address("fd00:ec2::254")})
"""Where clouds keep credentials outside the link-local range: Alibaba's, and Amazon's over IPv6."""
NETWORKS: Final = tuple(ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
"""Networks of one's own: RFC 1918, 6598 and 4193."""
_WRAPPED: Final = ipaddress.ip_network("64:ff9b::/96")  # NAT64 carries an IPv4 address in its last 32 bits, RFC 6052
_MAIL: Final = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
_UNPRINTABLE: Final = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")


class AddressError(ValueError):
    """Nothing is sent there; the sentence says why and what to write instead."""


def check_url(text: str, *, private: bool) -> str:
    """An address of the web that a notice may be posted to, as it was written.

    A host that is a name is looked at again when it is resolved, on every try (`refusal`).

    Raises:
        AddressError: no http(s), a user or password in it, or an address inside.
    """
    url = text.strip()
    parts = _split(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise AddressError("A notice is posted to an address like https://example.com/hook.")
    if parts.username is not None or parts.password is not None:
        raise AddressError("The address has a user or password in it; leave them out: a webhook is signed with its own secret.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        if not private and (parts.hostname == "localhost" or parts.hostname.endswith(".localhost")):
            raise AddressError(f"{parts.hostname} is this machine itself. {_unless()}") from None
        return url
    if (why := refuse_address(literal, private=private)) is not None:
        raise AddressError(why)
    return url


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST_URL or _UNPRINTABLE.search(url):
        raise AddressError(f"The address is longer than {LONGEST_URL} characters or has a space or line break in it; write it plainly.")
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here because it is only checked when it is asked for
    except ValueError:
        raise AddressError("The address cannot be read; write one like https://example.com/hook.") from None
    return parts


def check_mail(text: str) -> str:
    """A mail address, one and bare: it stands in a header of its own.

    Raises:
        AddressError: it is none.
    """
    address = text.strip()
    if len(address) > LONGEST_MAIL or _UNPRINTABLE.search(address) or not _MAIL.fullmatch(address):
        raise AddressError("That is no e-mail address; write one alone, like ana@example.com.")
    return address


def refuse_address(address: Address, *, private: bool) -> str | None:
    """Why nothing may be sent to `address`; None when it may.

    `private` lets in loopback and private networks, where receivers of one's own stand. Link-local addresses, among
    them the metadata service of every cloud, stay refused: no receiver has such an address, and credentials are served there.
    """
    bare = _unwrapped(address)
    if bare in METADATA or bare.is_multicast or not (bare.is_global or _inside(bare)):
        return f"{bare} is link-local, a metadata service or no host's address; notices are never sent there."
    if not private and not bare.is_global:
        return f"{bare} is a loopback or private address. {_unless()}"
    return None


def _inside(address: Address) -> bool:
    return address.is_loopback or any(address in network for network in NETWORKS)


def _unwrapped(address: Address) -> Address:
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _WRAPPED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _unless() -> str:
    return f"If your receiver stands there, set {PRIVATE}=true for the healer; else use an address of the public internet."


def mask_target(medium: NoticeMedium, target: str) -> str:
    """What people may see of a target: Slack's address is a secret as a whole, and a webhook's query often holds one."""
    if medium is NoticeMedium.EMAIL:
        return target
    parts = urlsplit(target)
    if medium is NoticeMedium.SLACK:
        return f"{parts.scheme}://{parts.netloc}/…"
    return parts._replace(query="…" if parts.query else "", fragment="").geturl()
