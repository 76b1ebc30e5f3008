"""What the edge is told, from the settings."""

from __future__ import annotations

from telephony.edge.config import SCANNERS, AccessConfig, EdgeConfig
from telephony.edge.tls import TlsConfig
from voicebot.runtime.lines import pbx_host
from voicebot.settings.sip import SipSettings, TlsSettings


def edge_config(sip: SipSettings) -> EdgeConfig:
    """Return the configuration of the edge."""
    return EdgeConfig(
        host=sip.host,
        port=sip.port,
        public_host=sip.public_host,
        user_agent=sip.user_agent,
        access=_access(sip),
        tcp=sip.tcp,
        tls=TlsConfig(**{name: getattr(sip.tls, name) for name in TlsSettings.model_fields}),
    )


def _access(sip: SipSettings) -> AccessConfig:
    access = sip.access
    return AccessConfig(
        allow=(*access.allow, *(host_without_port(pbx_host(account.registrar)) for account in sip.accounts)),
        users={user.username: user.password for user in access.users},
        realm=access.realm,
        algorithms=tuple(access.algorithms),
        scanners=(*SCANNERS, *access.scanners),
        requests_per_s=access.requests_per_s,
        strangers_per_s=access.strangers_per_s,
    )


def host_without_port(place: str) -> str:
    """Return the host of "host:port", "[address]:port" or a host alone."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0]
