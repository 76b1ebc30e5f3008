"""The SIP side: where it listens, who may call, which PBXs it belongs to, and where transfers go."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from telephony.sip import parse_uri
from voicebot.errors import SipMessageError
from voicebot.settings.section import Language, Port, Section, complete_languages, switch


class AccountSettings(Section):
    """An extension or trunk at a PBX that the bot registers to."""

    name: str = "pbx"
    registrar: str
    """SIP address of the PBX: "sip:10.0.0.5" or "sip:10.0.0.5:5060"."""
    username: str
    password: str = Field(repr=False)
    realm: str = "*"
    expires_s: int = Field(default=300, ge=60, le=86400)
    registers: bool = True
    """Whether it registers; false: the PBX knows our address, and the account is only for its name and password."""
    retry_s: int = Field(default=30, ge=1, le=3600)
    """Wait before a refused or unanswered registration is tried again."""


class PeerSettings(Section):
    """A PBX or trunk that calls come from and go to, without registration."""

    name: str
    address: str
    """Its SIP address: "sip:10.0.0.5", "sip:10.0.0.5:5080;transport=tcp", "sips:pbx.example.com"."""
    domain: str = ""
    """Calls to this host go to the peer; several peers with one domain stand in for each other. Empty: its host."""
    priority: int = Field(default=1, ge=1, le=1000)
    """Among peers with one domain the lowest that lives gets the calls; equal ones take turns."""
    options_s: float = Field(default=30.0, ge=0, le=3600)
    """How often it is asked whether it lives (OPTIONS); 0: never."""
    sources: list[str] = []
    """Further addresses and networks that its calls come from."""

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            uri = parse_uri(value)
        except SipMessageError as error:
            raise ValueError("is no SIP address, such as sip:10.0.0.5") from error
        if not uri.host or (uri.params.get("transport") or "udp").lower() not in ("udp", "tcp", "tls"):
            raise ValueError("needs a host, and udp, tcp or tls as transport")
        return value


class RouteSettings(Section):
    """Which line takes a call. What is left empty does not matter; the first route that fits is taken.

    Numbers and values are compared without regard to case: as they stand, by their beginning ("0800*"), or by a
    regular expression between slashes ("/86\\d+/") that must fit the whole.
    """

    line: str
    called: str = ""
    caller: str = ""
    account: str = ""
    """Name of the account, peer or caller (``sip.access.users``) that the call comes from."""
    header: str = ""
    """Name of an X- header that must be there."""
    value: str = ""
    """What the header must say; empty: anything."""

    @field_validator("called", "caller", "account", "value")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        if len(value) > 1 and value.startswith("/") and value.endswith("/"):
            try:
                re.compile(value[1:-1])
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from error
        return value


class TlsSettings(Section):
    """SIP over TLS."""

    port: Port = 5061
    """Public TCP port for TLS; 0 takes any free one."""
    certificate: Path | None = None
    """Our certificate with its chain (PEM). Without one no calls come in by TLS; calling out by TLS needs none."""
    key: Path | None = None
    """Its private key, if it is not in the same file."""
    authorities: Path | None = None
    """Certificates (PEM) that sign those of PBXs and callers; empty: those of the system."""
    verify_callers: bool = False
    """Callers need a certificate, too."""
    verify_servers: bool = True
    """A PBX that is called by TLS needs a certificate for the name it is called by."""


class CallerSettings(Section):
    """Somebody who may call from anywhere, with a password."""

    username: str
    password: str = Field(repr=False, min_length=8)


class AccessSettings(Section):
    """Who may call. PBXs named in ``accounts`` always may."""

    allow: list[str] = ["private"]
    """Addresses, networks and names that need no password; "private" is this machine and all private networks,
    "local" this machine, "any" everybody."""
    users: list[CallerSettings] = []
    """Callers with a password (digest authentication). Without any, strangers get no answer at all."""
    realm: str = Field(default="voicebot", pattern=r"^[\x20-\x7e]+$")
    algorithms: list[Literal["SHA-256", "MD5"]] = Field(default=["MD5"], min_length=1)
    """Digest algorithms that they are offered. Old phones give up when SHA-256 is among them."""
    requests_per_s: float = Field(default=500.0, ge=0, le=100_000)
    """SIP messages that one known address may send, twice as many in a burst; 0: no limit."""
    strangers_per_s: float = Field(default=5.0, gt=0, le=1000)
    """The same for addresses that are not known."""
    scanners: list[str] = []
    """Further User-Agents (parts of them) that never get an answer."""

    @field_validator("realm")
    @classmethod
    def _quotable(cls, value: str) -> str:
        if '"' in value or "\\" in value:
            raise ValueError("may not have quotes or backslashes")
        return value


class TransferSettings(Section):
    """How ``system_toCustomerService`` becomes a call to a person."""

    mode: Literal["attended", "blind", "bridge"] = "attended"
    bridge_on: list[int] = [405, 501, 603]
    """Answers to a REFER after which the bot joins the two calls itself."""
    ring_timeout_s: float = Field(default=25.0, gt=0, le=300)
    waiting: Literal["ringback", "music", "talk"] = "ringback"
    """What the caller has meanwhile: a ringing tone, ``music``, or the bot, which goes on talking."""
    music: str = ""
    """Path of a WAV file (16 bit) for ``waiting: music``, played over and over."""
    briefing: dict[Language, str] = {"zh": "", "en": ""}
    """Said to the person before he gets the caller: {reason}, {caller}, {called}, {line}. Empty: nothing."""
    agent_uri: str = "sip:{value}@{pbx}"
    """Target for transType 1 (a seat). {value} is transValue, {pbx} the host of the first account."""
    group_uri: str = "sip:{value}@{pbx}"
    """Target for transType 2 (a skill group)."""
    number_uri: str = "sip:{value}@{pbx}"
    """Target for transType 3 (a number)."""
    headers: bool = True
    """Tell the other side the session and the reason, as X-Voicebot-Session and X-Voicebot-Reason."""

    _complete = field_validator("briefing")(complete_languages)


class DtmfSettings(Section):
    """Keys of telephones."""

    in_band: bool = False
    """Look for keys in the audio, too: for gateways that send neither telephone-events nor INFO."""
    send: Literal["auto", "rfc4733", "info"] = "auto"
    """How keys are sent: telephone-events, INFO, or events where the far side takes them."""


class MediaSettings(Section):
    """The audio of calls: how long it may be missing, and whose it may be."""

    first_timeout_s: float = Field(default=30.0, ge=0, le=3600)
    """A call without any audio for this long after the answer is ended; 0: never."""
    timeout_s: float = Field(default=15.0, ge=0, le=3600)
    """A call whose audio has stopped for this long is ended; 0: never."""
    lock_source: bool = True
    """Take a call's audio from one address only, once it is known. Needs Linux."""


class FailoverSettings(Section):
    """Calls out that a peer does not carry."""

    attempts: int = Field(default=3, ge=1, le=10)
    """Peers, or servers of a domain, that one call is tried at."""
    silent_s: float = Field(default=6.0, ge=1, le=32)
    """A peer that answers an INVITE with nothing at all for this long is given up."""
    total_s: float = Field(default=20.0, ge=1, le=120)
    """No further one is tried after this long."""


class SipSettings(Section):
    """The SIP user agent."""

    host: str = "127.0.0.1"
    """Address to listen on. 127.0.0.1 is reachable from this machine alone; 0.0.0.0 from everywhere."""
    port: Port = 5060
    """Public port for UDP and TCP; 0 takes any free one."""
    public_host: str = ""
    """Address that callers are told for SIP and audio; empty: ``host``, or the machine's own address."""
    max_calls: int = Field(default=10, ge=1, le=1000)
    """Simultaneous calls; the next one hears busy (486)."""
    calls_per_worker: int = Field(default=0, ge=0, le=100)
    """Callers in one line worker; 0: half of what the SIP library carries, so that each call can be transferred."""
    codecs: list[Literal["PCMA", "PCMU", "G722", "opus"]] = ["PCMA", "PCMU", "G722"]
    """Codecs offered and accepted, the best first. With G722 first, calls are held at 16 kHz, else at 8 kHz."""
    rtp_port: Port = 10000
    """First UDP port for audio; each call takes two. 0: any free ports."""
    srtp: Annotated[Literal["off", "optional", "required"], switch(on="required", off="off")] = "off"
    """Encrypted audio with keys in the SDP (SDES): never, where the other side can, or always."""
    stun_server: str = ""
    """"host" or "host:port" of a STUN server that is asked at start for what ``public_host`` leaves empty."""
    dscp_signalling: int = Field(default=24, ge=0, le=63)
    """Class of service of SIP packets (RFC 4594: CS3)."""
    dscp_audio: int = Field(default=46, ge=0, le=63)
    """Class of service of audio packets (RFC 4594: EF)."""
    session_timer_s: int = Field(default=1800, ge=90, le=86400)
    tcp: bool = True
    """Take calls by TCP as well, on the same port."""
    tls: TlsSettings = TlsSettings()
    accounts: list[AccountSettings] = []
    peers: list[PeerSettings] = []
    routes: list[RouteSettings] = []
    access: AccessSettings = AccessSettings()
    transfer: TransferSettings = TransferSettings()
    dtmf: DtmfSettings = DtmfSettings()
    media: MediaSettings = MediaSettings()
    failover: FailoverSettings = FailoverSettings()
    dns: list[str] = []
    """Name servers for SRV records, "address" or "address:port"; empty: those of the system."""
    user_agent: str = "voicebot"

    @field_validator("dns")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        for server in value:
            host, colon, port = server.rpartition(":") if server.count(":") == 1 or "]" in server else (server, "", "")
            try:
                ipaddress.ip_address(host.strip("[]"))
            except ValueError as error:
                raise ValueError(f'{server!r} is no address, such as "10.0.0.53" or "10.0.0.53:53"') from error
            if colon and not (port.isdigit() and 0 < int(port) < 65536):
                raise ValueError(f"{server!r} has no port that can be")
        return value

    @property
    def audio_rate_hz(self) -> Literal[8000, 16000]:
        """Sample rate of the audio inside the bot: the best codec's own, so that most calls need no conversion."""
        return 16000 if self.codecs[:1] in (["G722"], ["opus"]) else 8000
