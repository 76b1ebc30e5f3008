"""What the edge can be told, and the numbers it keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from telephony.edge.connection import StreamLimits
from telephony.edge.peers import PeerConfig
from telephony.edge.tls import TlsConfig

# What scanners call themselves, as published rule sets for SIP proxies list them.
SCANNERS = (
    "friendly-scanner", "sipvicious", "sipcli", "sundayddr", "sip-scan", "iwar", "pplsip", "sivus", "smap",
    "vaxsipuseragent", "vaxasip", "gulp", "siparmyknife", "sipptk", "cisco-scan",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccessConfig:
    """Who may call.

    Attributes:
        allow: addresses, networks, names; see ``Networks``.
        users: callers with a password, by name.
        realm: what they are asked for.
        algorithms: digest algorithms that they are offered. Phones that do not know SHA-256 may give up when it
            is among them, though RFC 8760 wants them to take the other one (baresip 1.0 does).
        scanners: User-Agents that never get an answer: parts of them, in any case.
        requests_per_s: what one known source may send; 0 is no limit.
        strangers_per_s: the same for everybody else.
        nonce_s: how long a challenge is good for.
    """

    allow: tuple[str, ...] = ("any",)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    realm: str = "voicebot"
    algorithms: tuple[Literal["SHA-256", "MD5"], ...] = ("MD5",)
    scanners: tuple[str, ...] = SCANNERS
    requests_per_s: float = 0.0
    strangers_per_s: float = 5.0
    nonce_s: float = 60.0


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Settings of the edge.

    Attributes:
        host: address of the public socket.
        port: public UDP port; 0 takes any free one.
        public_host: address that peers are told; "" is ``host``, or the machine's own address where ``host``
            is a wildcard.
        user_agent: value of the Server header in the edge's own answers.
        max_message_bytes: longer datagrams get 513.
        busy_retry_after_s: what a caller is told when no worker has room.
        access: who may call.
        tcp: take calls by TCP as well, on the same port.
        tls: calls by TLS, and how far certificates are trusted.
        streams: what TCP and TLS connections may do.
        stun_server: "host" or "host:port" that is asked for ``public_host`` at start, where that is "".
        dscp: class of the signalling packets (RFC 2474), 0 to 63.
        peers: PBXs and trunks that calls go out to.
        dns: name servers for SRV and NAPTR records, "address" or "address:port"; none: those of the system.
        sources: names of those that calls come from, with their addresses, networks and host names.
    """

    host: str = "127.0.0.1"
    port: int = 5060
    public_host: str = ""
    user_agent: str = "voicebot"
    max_message_bytes: int = 16384
    busy_retry_after_s: int = 5
    access: AccessConfig = AccessConfig()
    tcp: bool = True
    tls: TlsConfig = field(default_factory=TlsConfig)
    streams: StreamLimits = field(default_factory=StreamLimits)
    stun_server: str = ""
    dscp: int = 24
    peers: tuple[PeerConfig, ...] = ()
    dns: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class EdgeStats:
    """Counts since start. Keys are few and fixed: no peer can make the tables grow.

    Attributes:
        requests: requests from outside, by method ("OTHER" for methods the edge does not know).
        answered: requests that the edge answered itself, by status.
        dropped: datagrams thrown away, by reason.
        refused: requests without an answer, and wrong passwords, by reason ("stranger", "scanner", "rate",
            "guessing", "password").
        to_workers: requests handed to workers.
        to_outside: requests that workers sent out.
        again: calls of workers that were tried at another peer or server.
        responses: responses passed on, in both directions.
        keep_alives: datagrams of blank lines.
        send_errors: datagrams that the operating system refused to send.
    """

    requests: Counter[str] = field(default_factory=Counter)
    answered: Counter[int] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    to_workers: int = 0
    to_outside: int = 0
    again: int = 0
    responses: int = 0
    keep_alives: int = 0
    send_errors: int = 0

    @property
    def summary(self) -> dict[str, int]:
        """What a look at the service shows: sums that grow when somebody scans, floods, or a PBX fails."""
        return {
            "sip_requests": sum(self.requests.values()),
            "sip_refused": sum(self.refused.values()),
            "sip_dropped": sum(self.dropped.values()),
            "sip_tried_again": self.again,
        }
