"""Which addresses audio files may be fetched from. Decisions only: nothing is resolved or connected in here.

An engine names a URL and our machine fetches it, so without a guard the engine could look into our network (server-side
request forgery, OWASP SSRF Prevention Cheat Sheet). The rules:

* http and https only, no user name or password, no zone id.
* Every address that a host resolves to is judged, and only addresses that were judged are connected to. So neither
  an odd spelling (``0x7f.1``, ``2130706433``) nor a name whose address changes between two look-ups helps.
* Only globally routable unicast addresses pass (IANA special-purpose registries), also inside IPv6 addresses that
  embed an IPv4 one. Exceptions are hosts, addresses and networks that were allowed, and the engine's own host and port.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from yarl import URL

from voicebot.errors import AudioBlockedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL_LENGTH = 4096
_SCHEMES = ("http", "https")
_GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_RELAY_6TO4 = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526: leads anywhere


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads.

    Attributes:
        url: the URL as it is to be requested.
        host: its host, in lower case and without a trailing dot.
        port: its port.
        address: the host as an address, if it is one; None for a name.
    """

    url: URL
    host: str
    port: int
    address: Address | None


class AddressGuard:
    """Decides for one line.

    Args:
        allowed: hosts, addresses and networks that files may come from although they are internal.
        engine_url: the engine's own address; its host and port are allowed together.
    """

    def __init__(self, allowed: Iterable[str] = (), engine_url: str = "") -> None:
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for entry in allowed:
            network = _network(entry)
            if network is not None:
                self._networks.append(network)
            else:
                self._hosts.add(_plain_host(entry))
        self._engine = _origin(engine_url)

    def target(self, url: str | URL) -> Target:
        """Take a URL apart; an address that stands in it is judged at once.

        Raises:
            AudioBlockedError: nothing may be fetched from there.
        """
        target = _target(url)
        if target.address is not None and not self.permits(target.host, target.port, target.address):
            raise AudioBlockedError("the address of the audio file is an internal one")
        return target

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Tell whether a host may be fetched from at an address that it resolved to."""
        host = _plain_host(host)
        if getattr(address, "scope_id", None):
            return False
        if host in self._hosts or (host, port) == self._engine:
            return True
        return any(address in network for network in self._networks) or is_global(address)


def is_global(address: Address) -> bool:
    """Tell whether an address belongs to one machine somewhere in the internet."""
    if isinstance(address, ipaddress.IPv4Address):
        special = address.is_multicast or address.is_reserved or address.is_unspecified or address in _RELAY_6TO4
        return address.is_global and not special
    if getattr(address, "scope_id", None):
        return False
    embedded = _embedded(address)
    if embedded:
        return all(is_global(inner) for inner in embedded)
    return address in _GLOBAL_UNICAST_V6 and address.is_global and not address.is_multicast


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address stands for or leads through."""
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


def _target(url: str | URL) -> Target:
    if len(str(url)) > MAX_URL_LENGTH:
        raise AudioBlockedError(f"the address of the audio file is longer than {MAX_URL_LENGTH} characters")
    try:
        parsed = URL(url)
        port, raw_host = parsed.port, parsed.raw_host
    except ValueError as error:
        raise AudioBlockedError("the address of the audio file is no URL") from error
    if parsed.scheme not in _SCHEMES or not raw_host or port is None:
        raise AudioBlockedError("the address of the audio file is not http or https")
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise AudioBlockedError("the address of the audio file carries a user name")
    if port == 0 or any(character in raw_host for character in "%/\\@?# \t\r\n"):
        raise AudioBlockedError("the address of the audio file is no URL")
    return Target(parsed, _plain_host(raw_host), port, _literal(raw_host))


def _literal(host: str) -> Address | None:
    """Return the address that a host is; other spellings of addresses are left to the resolver.

    Raises:
        AudioBlockedError: it looks like an address and is none.
    """
    try:
        return ipaddress.ip_address(host.rstrip("."))
    except ValueError as error:
        # What the HTTP client takes for an address without asking the resolver must have been judged here.
        if ":" in host or host.replace(".", "").isdigit():
            raise AudioBlockedError("the address of the audio file is an odd way to write one") from error
        return None


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry.strip().strip("[]"), strict=False)
    except ValueError:
        return None


def _origin(engine_url: str) -> tuple[str, int] | None:
    if not engine_url:
        return None
    try:
        target = _target(engine_url.strip())
    except AudioBlockedError:
        return None
    return target.host, target.port


def _plain_host(host: str) -> str:
    """Return a host name as it is compared: lower case, IDNA, no trailing dot."""
    plain = host.strip().strip("[]").rstrip(".").lower()
    try:
        return URL.build(scheme="http", host=plain).raw_host or plain
    except ValueError:
        return plain
