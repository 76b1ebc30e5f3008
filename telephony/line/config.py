"""What the SIP user agent of a process can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Codec = Literal["PCMA", "PCMU", "G722", "opus"]
Srtp = Literal["off", "optional", "required"]

SendDigits = Literal["auto", "rfc4733", "info"]

FRAME_MS = 20
_RTP_PORTS_PER_CALL = 4  # RTP and RTCP, and as many to rest after use


def rtp_ports(least: int, library_calls: int) -> int:
    """Return how many UDP ports for audio a process needs whose library carries so many calls; ``least`` or more."""
    return max(least, _RTP_PORTS_PER_CALL * library_calls)


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """An extension or trunk at a PBX.

    Attributes:
        name: how the account is called in logs and events.
        registrar: SIP address of the PBX ("sip:10.0.0.5:5060").
        username: user part of our address and of the digest credentials.
        password: for digest authentication.
        realm: realm the credentials are for; "*" is any.
        expires_s: how long a registration is asked to last.
        retry_s: wait before a failed registration is tried again; doubles with each failure in a row.
        max_retry_s: longest such wait.
        registers: register it; else it is only for its name and password.
    """

    name: str
    registrar: str
    username: str
    password: str = field(repr=False)
    realm: str = "*"
    expires_s: int = 300
    retry_s: int = 30
    max_retry_s: int = 600
    registers: bool = True


@dataclass(frozen=True, slots=True)
class FailoverConfig:
    """Calls out that a peer does not carry are tried at the next one; behind the edge, which knows the peers.

    Attributes:
        attempts: INVITEs for one call.
        silent_s: an INVITE that nothing at all comes back for is given up after this long.
        total_s: no INVITE is sent after this long.
        hosts: domains that several peers serve. Silence is waited out at others, unless they are names that may have
            several servers.
    """

    attempts: int = 3
    silent_s: float = 6.0
    total_s: float = 20.0
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UserAgentConfig:
    """Settings of the SIP user agent.

    Attributes:
        host: address the SIP socket is bound to.
        port: UDP port of the SIP socket; 0 takes any free one.
        public_host: address that peers are told for SIP (Contact) and audio (SDP); "" is the bound one.
        public_port: port that peers are told for SIP; 0 is the bound one.
        contact_user: user part of our Contact; behind the edge the token that names this process there.
        outbound_proxy: where all requests go first ("sip:127.0.0.1:5070;lr"); "" sends them directly.
        codecs: offered and accepted, the best first; those that the library was built without are left out.
        rtp_host: address the audio sockets are bound to; "" is ``host``.
        rtp_port: first UDP port for audio, 0 for any free ones.
        rtp_ports: how many ports from ``rtp_port`` on may be used at least; each call takes two. See ``rtp_ports``.
        srtp: encrypted audio, keys in the SDP (SDES, RFC 4568): never, where the far side can, or always.
        dscp: class of the audio packets (RFC 2474), 0 to 63.
        accounts: PBX accounts.
        register: register the accounts at start. Behind an edge only one process does.
        session_timer_s: session interval (RFC 4028); refreshed at half of it.
        user_agent: value of the User-Agent header.
        rate_hz: sample rate of the audio in both directions, 8000 or 16000.
        max_calls: incoming calls at a time; the next one hears busy (486). 0: as many as the library carries.
        first_media_timeout_s: a call without an audio packet for this long after the answer is ended; 0 never does.
        media_timeout_s: a call whose audio has stopped for this long is ended; 0 never does.
        lock_source: take a call's audio from one source only, once that is known.
        ack_timeout_s: an answer that is not acknowledged for this long ends the call; 64 times T1 (RFC 3261).
        bye_timeout_s: how long the far side may take to answer our BYE before the library gives the call's place away.
        failover: when a call out is tried at the next peer.
        notify_timeout_s: how long the far side may take to report how a REFER with Replaces went.
        jitter_min_ms: audio that the jitter buffer holds back at least, once it has seen jitter.
        jitter_max_ms: audio that it holds at most.
        in_band_digits: look for keys in the audio, too.
        send_digits: how keys are sent: telephone-events, INFO, or events where the far side takes them.
        log_content: let phone numbers and SIP addresses into the log.
    """

    host: str = "127.0.0.1"
    port: int = 0
    public_host: str = ""
    public_port: int = 0
    contact_user: str = "voicebot"
    outbound_proxy: str = ""
    codecs: tuple[Codec, ...] = ("PCMA", "PCMU", "G722")
    rtp_host: str = ""
    rtp_port: int = 0
    rtp_ports: int = 100
    srtp: Srtp = "off"
    dscp: int = 46
    accounts: tuple[AccountConfig, ...] = ()
    register: bool = False
    session_timer_s: int = 1800
    user_agent: str = "voicebot"
    rate_hz: Literal[8000, 16000] = 16000
    max_calls: int = 0
    first_media_timeout_s: float = 30.0
    media_timeout_s: float = 15.0
    lock_source: bool = True
    ack_timeout_s: float = 32.0
    bye_timeout_s: float = 8.0
    failover: FailoverConfig = FailoverConfig()
    notify_timeout_s: float = 15.0
    jitter_min_ms: int = 20
    jitter_max_ms: int = 300
    in_band_digits: bool = False
    send_digits: SendDigits = "auto"
    log_content: bool = False

    @property
    def frame_samples(self) -> int:
        """Samples in a frame of FRAME_MS."""
        return self.rate_hz * FRAME_MS // 1000
