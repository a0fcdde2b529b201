"""Addresses that people write into settings and sites."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

# As browsers write it (RFC 6454 section 6.2): scheme and host in lower case, the port only where it is not the scheme's own.
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")

# A host goes into headers too, where a semicolon or a comma would begin something else. Other alphabets are written as xn--.
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")

# What may stand in an address to which paths are appended (RFC 3986 section 2): behind a bare ? or # they would be none.
_PLAIN = re.compile(r"[A-Za-z0-9._~:/@!$&'()*+,;=%\[\]-]*")


def origin(value: str) -> str:
    """The value, if it is an origin as browsers write it. Raises ValueError."""
    if not _ORIGIN.fullmatch(value):
        raise ValueError("must be an origin as browsers send it, like https://games.example or http://localhost:8080")
    scheme, _, rest = value.partition("://")
    if rest.endswith({"http": ":80", "https": ":443"}[scheme]):
        raise ValueError("browsers leave out the scheme's own port; so must this")
    return value


def origin_of(url: str) -> str:
    """Scheme, host and port of an address that was found to be right."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def unsafe(url: str) -> str:
    """Why nothing secret may be sent to an address, "" where it may: TLS, or a host that can't be on the open Internet.

    Such are private and loopback addresses (RFC 1918, RFC 4193), names without a dot, and those under `localhost` (RFC 6761),
    `local` (RFC 6762) and `internal` (ICANN 2024).
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return f"this is no address: {error}"
    if parts.username is not None or parts.query or parts.fragment or not host:
        return "only scheme, host, port and path may stand here"
    if not _HOST.fullmatch(parts.netloc):
        return "this is no address: the host has characters that none can have"
    if not _PLAIN.fullmatch(url):
        return "this is no address: it has characters that stand there only as %20 and the like, or ends with ? or #"
    if parts.scheme == "https":
        return ""
    if parts.scheme != "http":
        return "it has to begin with https:// or http://"
    try:
        address = ip_address(host)
    except ValueError:
        # A name is a word: 134744072 and 0x8080808 are addresses too, as many resolvers read them.
        top = host.rpartition(".")[2]
        inside = (top == host and host[0].isalpha()) or top in ("localhost", "local", "internal")
    else:
        inside = address.is_loopback or (address.is_private and not address.is_unspecified)
    return "" if inside else "a host outside of the own network needs https"
