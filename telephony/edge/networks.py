"""Which addresses belong to somebody we know: addresses, networks, and names that are looked up now and then."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOCAL = tuple(ipaddress.ip_network(text) for text in ("127.0.0.0/8", "::1/128"))
# RFC 1918, RFC 6598 (carriers' and overlay networks), RFC 3927, RFC 4193, RFC 4291 section 2.5.6.
PRIVATE = (
    *LOCAL,
    *(
        ipaddress.ip_network(text)
        for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7")
    ),
    ipaddress.ip_network("fe80::/10"),
)
ANY = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_WORDS = {"any": ANY, "private": PRIVATE, "local": LOCAL}


@lru_cache(maxsize=4096)
def read_address(text: str) -> Address | None:
    """Read an address; one of IPv4 in an IPv6 socket is what it is in IPv4. None for what is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class Networks:
    """A list of addresses, networks and names.

    Args:
        entries: "10.0.0.5", "10.0.0.0/8", "2001:db8::/32", "pbx.example.com", "private" (this machine and private
            networks), "local" (this machine) or "any".
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._networks: list[Network] = []
        self._names: dict[str, frozenset[Address]] = {}
        for entry in entries:
            self._add(entry.strip().lower())

    @property
    def names(self) -> list[str]:
        """The names among the entries: somebody has to look them up."""
        return list(self._names)

    def learn(self, name: str, addresses: Iterable[str]) -> None:
        """Take in what a name stands for now; an empty answer leaves what was known before."""
        found = frozenset(address for text in addresses if (address := read_address(text)) is not None)
        if found and name in self._names:
            self._names[name] = found

    def __contains__(self, source: object) -> bool:
        address = read_address(source) if isinstance(source, str) else None
        if address is None:
            return False
        if any(address.version == network.version and address in network for network in self._networks):
            return True
        return any(address in known for known in self._names.values())

    def _add(self, entry: str) -> None:
        if entry in _WORDS:
            self._networks.extend(_WORDS[entry])
            return
        try:
            self._networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
        except ValueError:
            self._names[entry] = frozenset()


class Names:
    """Tells whose an address is.

    Args:
        sources: the entries of each name.
    """

    def __init__(self, sources: Mapping[str, Iterable[str]]) -> None:
        self.networks = {name: Networks(entries) for name, entries in sources.items()}

    def of(self, source: str) -> str:
        """The first name that has the address, "" if none has."""
        return next((name for name, networks in self.networks.items() if source in networks), "")
