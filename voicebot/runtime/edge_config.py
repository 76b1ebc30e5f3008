"""What the edge is told, from the settings."""

from __future__ import annotations

from telephony.edge.config import SCANNERS, AccessConfig, EdgeConfig
from telephony.edge.flow import target_port, transport_of, wanted_transport
from telephony.edge.peers import PeerConfig
from telephony.edge.resolver import is_numeric
from telephony.edge.tls import TlsConfig
from telephony.sip import parse_uri
from voicebot.runtime.lines import pbx_host
from voicebot.settings.sip import PeerSettings, SipSettings, TlsSettings


def edge_config(sip: SipSettings) -> EdgeConfig:
    """Return the configuration of the edge."""
    return EdgeConfig(
        host=sip.host,
        port=sip.port,
        public_host=sip.public_host,
        user_agent=sip.user_agent,
        access=_access(sip),
        stun_server=sip.stun_server,
        dscp=sip.dscp_signalling,
        tcp=sip.tcp,
        peers=tuple(_peer(peer) for peer in sip.peers),
        sources=_sources(sip),
        dns=tuple(sip.dns),
        tls=TlsConfig(**{name: getattr(sip.tls, name) for name in TlsSettings.model_fields}),
    )


def _access(sip: SipSettings) -> AccessConfig:
    access = sip.access
    return AccessConfig(
        allow=tuple(access.allow),
        users={user.username: user.password for user in access.users},
        realm=access.realm,
        algorithms=tuple(access.algorithms),
        scanners=(*SCANNERS, *access.scanners),
        requests_per_s=access.requests_per_s,
        strangers_per_s=access.strangers_per_s,
    )


def _peer(peer: PeerSettings) -> PeerConfig:
    uri = parse_uri(peer.address)
    return PeerConfig(
        name=peer.name,
        host=uri.host,
        port=target_port(uri),
        transport=transport_of(uri),
        domain=peer.domain.lower(),
        priority=peer.priority,
        options_s=peer.options_s,
        # A name without a port may have servers of any number and by any transport (RFC 3263).
        looked_up=uri.port is None and "." in uri.host and not is_numeric(uri.host),
        any_transport=wanted_transport(uri) is None,
    )


def _sources(sip: SipSettings) -> dict[str, tuple[str, ...]]:
    """Where calls of accounts and peers come from: these need no password, and workers are told the name."""
    peers = {peer.name: (parse_uri(peer.address).host, *peer.sources) for peer in sip.peers}
    accounts = {account.name: (host_without_port(pbx_host(account.registrar)),) for account in sip.accounts}
    return {**accounts, **peers}


def host_without_port(place: str) -> str:
    """Return the host of "host:port", "[address]:port" or a host alone."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0]
