"""Downloads: whole, broken off, corrupt, refused."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from tests.modelstore.shelf import Fault, Shelf
from voicebot.modelstore.download import download
from voicebot.modelstore.progress import SilentReporter
from voicebot.modelstore.web import FetchError, Web

BODY = random.Random(1).randbytes(700_000)
PATH = "/model.bin"


class Recorder:
    def __init__(self) -> None:
        self.values: list[int] = []

    def update(self, done_bytes: int) -> None:
        self.values.append(done_bytes)


def fetch(shelf: Shelf, part: Path, meter: Recorder | SilentReporter | None = None, body: bytes = BODY) -> None:
    download(
        Web(timeout_s=5),
        shelf.url + PATH,
        part,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        meter=meter or SilentReporter(),
        retry_wait_s=0,
    )


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "model.part"


def test_a_file_arrives_whole_and_the_meter_ends_at_its_size(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    meter = Recorder()
    fetch(shelf, part, meter)
    assert part.read_bytes() == BODY
    assert meter.values[-1] == len(BODY)
    assert meter.values == sorted(meter.values)


def test_an_interrupted_download_goes_on_where_it_stopped(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    part.write_bytes(BODY[:300_000])
    fetch(shelf, part)
    assert part.read_bytes() == BODY
    assert [request.headers.get("range") for request in shelf.seen] == ["bytes=300000-"]


def test_a_connection_cut_twice_is_resumed_twice(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    shelf.faults[PATH] = [Fault(cut_after=100_000), Fault(cut_after=100_000)]
    fetch(shelf, part)
    assert part.read_bytes() == BODY
    assert [request.headers.get("range") for request in shelf.seen] == [None, "bytes=100000-", "bytes=200000-"]


def test_a_server_without_range_support_is_read_from_the_start(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    shelf.ranges = False
    part.write_bytes(b"x" * 300_000)
    fetch(shelf, part)
    assert part.read_bytes() == BODY
    assert len(shelf.seen) == 1


@pytest.mark.parametrize(
    "leftover", [b"wrong" * 1000, BODY + b"too long", b"?" * len(BODY)], ids=["wrong", "long", "wrong, full length"]
)
def test_a_useless_leftover_is_replaced(shelf: Shelf, part: Path, leftover: bytes) -> None:
    shelf.put(PATH, BODY)
    part.write_bytes(leftover)
    fetch(shelf, part)
    assert part.read_bytes() == BODY


def test_a_complete_leftover_needs_no_request(shelf: Shelf, part: Path) -> None:
    part.write_bytes(BODY)
    fetch(shelf, part)
    assert shelf.seen == []


def test_corrupt_bytes_are_fetched_once_more(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    shelf.faults[PATH] = [Fault(corrupt=True)]
    fetch(shelf, part)
    assert part.read_bytes() == BODY
    assert len(shelf.seen) == 2


def test_bytes_corrupt_twice_are_never_kept(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    shelf.faults[PATH] = [Fault(corrupt=True), Fault(corrupt=True)]
    with pytest.raises(FetchError, match="wrong sha256 checksum, twice"):
        fetch(shelf, part)
    assert not part.exists()
    assert len(shelf.seen) == 2


def test_a_body_longer_than_promised_is_refused(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY + b"more")
    with pytest.raises(FetchError, match="checksum"):
        fetch(shelf, part)
    assert not part.exists()


def test_server_errors_are_tried_again(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    shelf.faults[PATH] = [Fault(status=500), Fault(status=503)]
    fetch(shelf, part)
    assert part.read_bytes() == BODY


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_final_and_keeps_the_leftover(shelf: Shelf, part: Path, status: int) -> None:
    shelf.faults[PATH] = [Fault(status=status)]
    part.write_bytes(BODY[:100])
    with pytest.raises(FetchError, match=f"HTTP {status}"):
        fetch(shelf, part)
    assert len(shelf.seen) == 1
    assert part.read_bytes() == BODY[:100]


def test_a_server_that_always_fails_is_given_up(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY)
    shelf.faults[PATH] = [Fault(status=500)] * 20
    with pytest.raises(FetchError, match="HTTP 500"):
        fetch(shelf, part)
    assert len(shelf.seen) < 10


def test_a_shrunk_file_on_the_server_ends_in_an_error(shelf: Shelf, part: Path) -> None:
    shelf.put(PATH, BODY[:1000])
    part.write_bytes(BODY[:2000])
    with pytest.raises(FetchError, match=r"cut after 1000|does not know"):
        fetch(shelf, part)
