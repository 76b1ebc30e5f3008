from __future__ import annotations

import pytest
from pydantic import ValidationError

from telephony.line.config import UserAgentConfig
from voicebot.settings.sip import SipSettings


@pytest.mark.parametrize("server", ["10.0.0.53", "10.0.0.53:5353", "2001:db8::53", "[2001:db8::53]:53"])
def test_name_servers_are_addresses(server: str) -> None:
    assert SipSettings(dns=[server]).dns == [server]


@pytest.mark.parametrize("server", ["", "dns.example.com", "dns.example.com:53", "10.0.0.53:0", "10.0.0.53:x", "[::1]"])
def test_a_name_server_that_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(ValidationError, match=r"no address|no port"):
        SipSettings(dns=[server])


def test_calls_without_audio_have_the_time_that_the_line_itself_gives_them() -> None:
    media, line = SipSettings().media, UserAgentConfig()
    assert (media.first_timeout_s, media.timeout_s) == (line.first_media_timeout_s, line.media_timeout_s) == (30, 15)
