"""The filter of the operating system, on real sockets."""

from __future__ import annotations

import socket
import sys

import pytest

from telephony.line.source_filter import Allowed, open_filters

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="filters on sockets are known of Linux only")


def udp(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.settimeout(2)
    return sock


def heard(receiver: socket.socket, *senders: socket.socket) -> list[bytes]:
    """Let each sender send its number; what got through, the end of which is marked by the receiver itself."""
    host, port = receiver.getsockname()[:2]
    for number, sender in enumerate(senders):
        sender.sendto(b"%d" % number, (host, port))
    receiver.setblocking(False)
    got = []
    while True:
        try:
            got.append(receiver.recv(100))
        except BlockingIOError:
            return got


@linux
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_one_sender_is_let_through_and_the_others_are_counted(host: str) -> None:
    with udp(host) as receiver, udp(host) as friend, udp(host) as stranger:
        (guard,) = open_filters(receiver.getsockname()[1])
        guard.allow(Allowed(host, friend.getsockname()[1]))
        assert heard(receiver, friend, stranger, stranger) == [b"0"]
        assert guard.refused == 2
        guard.allow(Allowed(host))
        assert heard(receiver, friend, stranger) == [b"0", b"1"]
        guard.allow(Allowed("192.0.2.1" if host == "127.0.0.1" else "2001:db8::1"))
        assert heard(receiver, friend, stranger) == []
        assert guard.refused == 4
        guard.allow(None)
        guard.allow(None)
        assert heard(receiver, friend, stranger) == [b"0", b"1"]
        guard.close()


@linux
def test_an_address_of_the_other_family_is_not_taken_for_the_same() -> None:
    with udp("127.0.0.1") as receiver, udp("127.0.0.1") as sender:
        (guard,) = open_filters(receiver.getsockname()[1])
        guard.allow(Allowed("::1"))
        assert heard(receiver, sender) == []
        guard.close()


@linux
def test_a_port_that_is_not_ours_is_an_error() -> None:
    with udp("127.0.0.1") as sock:
        port = sock.getsockname()[1]
    with pytest.raises(OSError, match="no socket of this process"):
        open_filters(port)


@linux
def test_the_port_is_free_when_both_have_let_go() -> None:
    with udp("127.0.0.1") as sock:
        port = sock.getsockname()[1]
        (guard,) = open_filters(port)
    guard.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_one:
        next_one.bind(("127.0.0.1", port))
