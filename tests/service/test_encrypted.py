"""A service that strangers may call with a password, over TLS with encrypted audio; a route decides who answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.service.configured import config, line
from tests.service.running import RunningService
from tests.support.certificates import make_certificate
from tests.support.sip_peers import baresip, needs_baresip

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_baresip, pytest.mark.timeout(120)]

HOST = "127.0.0.1"


async def test_a_call_with_password_tls_and_srtp(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "bot", HOST)
    service = RunningService(
        tmp_path / "service",
        config(
            lines=[line("desk"), line("patient")],
            sip={
                "max_calls": 1,
                "tls": {"port": 0, "certificate": str(certificate), "key": str(key)},
                "srtp": "required",
                "access": {"allow": ["192.0.2.1"], "users": [{"username": "ann", "password": "long-enough"}]},
                "routes": [{"account": "bob", "line": "desk"}, {"account": "ann", "line": "patient"}],
            },
        ),
    )
    try:
        service.until_ready()
        found = re.search(r"TLS (\d+)", service.log.wait_for("SIP edge on"))
        assert found is not None
        phone = tmp_path / "phone"
        phone.mkdir()
        async with baresip(
            phone,
            f"sip:desk@{HOST}:{found[1]}",
            seconds=5,
            transport=";transport=tls",
            account=";auth_user=ann;auth_pass=long-enough;mediaenc=srtp-mand",
            settings=f"module srtp.so\nsip_cafile {certificate}",
        ) as caller:
            await caller.ended()
        record = await service.record("peer")
        assert record["line"] == "patient"
        assert record["info"]["headers"] == {"X-Voicebot-Account": "ann"}
        service.terminate()
        assert service.ends(20) == 0, service.log.text
    finally:
        service.destroy()
