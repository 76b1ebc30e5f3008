import socket

import pytest

from telephony.edge.resolver import Resolver, is_numeric
from voicebot.errors import TelephonyError


def test_numeric() -> None:
    assert is_numeric("127.0.0.1")
    assert is_numeric("::1")
    assert not is_numeric("localhost")
    assert not is_numeric("127.1")


async def test_names_of_this_machine() -> None:
    resolver = Resolver(socket.AF_INET)
    assert await resolver.resolve("localhost") == "127.0.0.1"
    assert await resolver.resolve("localhost") == "127.0.0.1"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70 + ".invalid", ".."])
async def test_no_such_host(host: str) -> None:
    resolver = Resolver(socket.AF_INET)
    for _ in range(2):
        with pytest.raises(TelephonyError, match="no address"):
            await resolver.resolve(host)
