"""What a line worker is told when it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telephony.line.config import AccountConfig, FailoverConfig, UserAgentConfig
from telephony.sip import parse_uri
from voicebot.settings.model import Settings
from voicebot.settings.sip import SipSettings

Address = tuple[str, int]

RTP_PORTS = 40
"""UDP ports for the audio of one worker: two a call, and some to rest after use."""


@dataclass(frozen=True, slots=True)
class WorkerOrder:
    """Everything a line worker needs to know.

    Attributes:
        token: names the worker in SIP Contact addresses; new for each process.
        settings: the settings of the service.
        edge_internal: where the worker sends its SIP messages.
        edge_public: the address the world sees.
        speech_socket: path of the speech worker's socket.
        brain_url: base URL of our own HTTP server.
        api_key: key for it.
        rtp_port: first UDP port for audio, 0 for any.
        tell_turns: report the conversation as it happens (for the demo and the bench).
        hot_words: what callers of each line are likely to say, by the line's name.
    """

    token: str
    settings: Settings
    edge_internal: Address
    edge_public: Address
    speech_socket: Path
    brain_url: str
    api_key: str = field(repr=False)
    rtp_port: int = 0
    tell_turns: bool = False
    hot_words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the order as plain values."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "settings": self.settings.model_dump(mode="json"), "speech_socket": str(self.speech_socket)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> WorkerOrder:
        """Read an order back."""
        return cls(
            **{
                **data,
                "settings": Settings.model_validate(data["settings"]),
                "edge_internal": tuple(data["edge_internal"]),
                "edge_public": tuple(data["edge_public"]),
                "speech_socket": Path(data["speech_socket"]),
            }
        )

    def agent_config(self) -> UserAgentConfig:
        """Return what the SIP library is set up with."""
        sip = self.settings.sip
        return UserAgentConfig(
            host="127.0.0.1",
            public_host=self.edge_public[0],
            public_port=self.edge_public[1],
            contact_user=self.token,
            outbound_proxy=f"sip:{self.edge_internal[0]}:{self.edge_internal[1]};lr",
            codecs=tuple(sip.codecs),
            rtp_host=sip.host,
            srtp=sip.srtp,
            dscp=sip.dscp_audio,
            rtp_port=self.rtp_port,
            rtp_ports=RTP_PORTS,
            accounts=tuple(
                AccountConfig(
                    name=account.name,
                    registrar=account.registrar,
                    username=account.username,
                    password=account.password,
                    realm=account.realm,
                    expires_s=account.expires_s,
                    retry_s=account.retry_s,
                    registers=account.registers,
                )
                for account in sip.accounts
            ),
            rate_hz=sip.audio_rate_hz,
            session_timer_s=sip.session_timer_s,
            user_agent=sip.user_agent,
            first_media_timeout_s=sip.media.first_timeout_s,
            media_timeout_s=sip.media.timeout_s,
            lock_source=sip.media.lock_source,
            failover=FailoverConfig(
                sip.failover.attempts, sip.failover.silent_s, sip.failover.total_s, _shared_domains(sip)
            ),
            in_band_digits=sip.dtmf.in_band,
            send_digits=sip.dtmf.send,
            log_content=self.settings.log.content,
        )


def _shared_domains(sip: SipSettings) -> frozenset[str]:
    """Domains that several peers stand in for each other at."""
    domains = Counter(peer.domain.lower() or parse_uri(peer.address).host for peer in sip.peers)
    return frozenset(domain for domain, count in domains.items() if count > 1)
