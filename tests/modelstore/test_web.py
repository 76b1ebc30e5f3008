"""The HTTP client: credentials, redirects, unreachable hosts, limits."""

from __future__ import annotations

import socket

import pytest

from tests.modelstore.shelf import Fault, Shelf, ShelfServer
from voicebot.modelstore.web import FetchError, Web, host_of, split_credentials


def test_credentials_leave_the_address_and_become_a_header() -> None:
    assert split_credentials("https://me:p%40ss@host:81/simple") == ("https://host:81/simple", "Basic bWU6cEBzcw==")
    assert split_credentials("https://host/simple") == ("https://host/simple", "")
    assert host_of("https://me:secret@host:81/simple/x") == "https://host:81"


def test_credentials_are_not_sent_to_another_host(shelf: Shelf) -> None:
    with ShelfServer() as other:
        shelf.redirects["/file"] = other.put("/elsewhere", b"body")
        body, _ = Web().read(shelf.url.replace("://", "://me:secret@") + "/file")
        assert body == b"body"
        assert shelf.seen[0].headers["authorization"].startswith("Basic ")
        assert "authorization" not in other.seen[0].headers


def test_a_closed_port_counts_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="refused") as caught:
        Web().open(f"http://127.0.0.1:{port}/")
    assert caught.value.unreachable
    assert not caught.value.retryable


def test_a_silent_host_counts_as_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(FetchError, match="no answer in time") as caught:
            Web(timeout_s=0.05).open(f"http://127.0.0.1:{port}/")
    assert caught.value.unreachable


@pytest.mark.parametrize(("status", "retryable"), [(404, False), (403, False), (429, True), (500, True), (503, True)])
def test_which_answers_are_worth_another_try(shelf: Shelf, status: int, retryable: bool) -> None:
    shelf.faults["/x"] = [Fault(status=status)]
    with pytest.raises(FetchError) as caught:
        Web().open(shelf.url + "/x")
    assert (caught.value.status, caught.value.retryable) == (status, retryable)


def test_a_huge_page_is_not_read(shelf: Shelf) -> None:
    url = shelf.put("/page", b"x" * 2000)
    with pytest.raises(FetchError, match="larger than 1000 bytes"):
        Web().read(url, limit_bytes=1000)


@pytest.mark.parametrize("url", ["", "nonsense", "gopher://host/", "http://[bad/"])
def test_a_nonsense_address_is_a_fetch_error(url: str) -> None:
    with pytest.raises(FetchError):
        Web().open(url)
