from __future__ import annotations

from pathlib import Path

import pytest

from telephony.edge.config import SCANNERS
from telephony.edge.peers import PeerConfig
from telephony.edge.tls import TlsConfig
from voicebot.runtime.edge_config import edge_config, host_without_port
from voicebot.settings.sip import SipSettings


def test_a_fresh_install_hears_private_networks_and_no_strangers() -> None:
    config = edge_config(SipSettings())
    assert config.access.allow == ("private",)
    assert config.access.users == {}
    assert (config.tcp, config.tls) == (True, TlsConfig())
    assert config.peers == ()


def test_all_that_is_set_arrives() -> None:
    sip = SipSettings.model_validate(
        {
            "accounts": [{"name": "office", "registrar": "sip:10.0.0.5:5070", "username": "8001", "password": "x"}],
            "peers": [
                {
                    "name": "main",
                    "address": "sips:pbx.example.com",
                    "domain": "PBX.test",
                    "priority": 2,
                    "options_s": 5,
                },
                {"name": "trunk", "address": "sip:[2001:db8::5]:5080;transport=tcp", "sources": ["192.0.2.0/24"]},
            ],
            "access": {"users": [{"username": "ann", "password": "longenough"}], "scanners": ["evil"]},
            "tls": {"certificate": "cert.pem", "verify_servers": False},
            "dscp_signalling": 0,
        }
    )
    config = edge_config(sip)
    assert config.peers == (
        PeerConfig("main", "pbx.example.com", 5061, "TLS", "pbx.test", 2, 5, looked_up=True),
        PeerConfig("trunk", "2001:db8::5", 5080, "TCP"),
    )
    assert config.sources == {
        "office": ("10.0.0.5",),
        "main": ("pbx.example.com",),
        "trunk": ("2001:db8::5", "192.0.2.0/24"),
    }
    assert config.access.users == {"ann": "longenough"}
    assert config.access.scanners == (*SCANNERS, "evil")
    assert config.tls == TlsConfig(certificate=Path("cert.pem"), verify_servers=False)
    assert config.dscp == 0
    assert "longenough" not in repr(config)


@pytest.mark.parametrize(
    ("place", "host"), [("10.0.0.5", "10.0.0.5"), ("pbx:5060", "pbx"), ("[::1]:5060", "::1"), ("[::1]", "::1")]
)
def test_hosts(place: str, host: str) -> None:
    assert host_without_port(place) == host
