from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.server.audio.shelf import AudioShelf

MIB = 1024 * 1024
NOW_S = 1_700_000_000


def shelf(directory: Path, limit_bytes: int = MIB) -> AudioShelf:
    return AudioShelf(directory, limit_bytes, lambda: NOW_S + 0.9)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


@pytest.mark.parametrize("body", [b"", b"sound" * 1000])
def test_what_was_stored_comes_back_after_a_restart(tmp_path: Path, body: bytes) -> None:
    stored = shelf(tmp_path).store("name-8000-wav", body)
    assert (stored.body, stored.made_s) == (body, NOW_S)
    again = shelf(tmp_path)
    assert again.has("name-8000-wav")
    assert again.read("name-8000-wav") == stored
    assert not again.has("name-16000-wav")
    assert again.read("name-16000-wav") is None


def test_the_tag_tells_contents_apart_and_nothing_else(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    tags = [one.store(key, body).etag for key, body in (("a", b"x"), ("b", b"x"), ("a", b"y"))]
    assert tags[0] == tags[1] != tags[2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:10],
        lambda raw: raw[:-1],
        lambda raw: raw[:1000],
        lambda raw: raw[1:],
        lambda raw: raw + b"x",
        lambda raw: raw[:500] + bytes([raw[500] ^ 1]) + raw[501:],
        lambda raw: raw[:-44] + bytes([raw[-44] ^ 1]) + raw[-43:],
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: bytes(len(raw)),
    ],
    ids=["empty", "a stump", "cut by one", "cut", "front cut", "too long", "a bit", "its date", "its check", "zeros"],
)
def test_a_torn_file_is_none(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    one = shelf(tmp_path)
    one.store("name", b"sound" * 1000)
    (file,) = files(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    assert one.read("name") is None
    assert files(tmp_path) == []
    one.store("name", b"again")
    found = one.read("name")
    assert found is not None
    assert found.body == b"again"


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    one = shelf(tmp_path, 4000)
    for number in range(3):
        one.store(f"{number}", bytes(1000))
    for number, file in enumerate(files(tmp_path)):
        os.utime(file, ns=(number, number))
    assert one.read("0") is not None
    one.store("3", bytes(1000))
    assert [number for number in range(4) if one.has(f"{number}")] == [0, 2, 3]
    assert sum(file.stat().st_size for file in files(tmp_path)) <= 4000


def test_what_is_too_large_for_the_shelf_is_given_back_all_the_same(tmp_path: Path) -> None:
    one = shelf(tmp_path, 1000)
    assert one.store("large", bytes(2000)).body == bytes(2000)
    assert not one.has("large")


def test_what_a_killed_process_left_is_swept_up(tmp_path: Path) -> None:
    shelf(tmp_path).store("name", b"sound")
    (file,) = files(tmp_path)
    (file.parent / "tmpabc.part").write_bytes(b"half")
    shelf(tmp_path)
    assert files(tmp_path) == [file]


def test_a_full_disk_costs_the_entry_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = shelf(tmp_path)
    (tmp_path / "na").write_text("a file where a directory should be")
    assert one.store("name", b"sound").body == b"sound"
    assert one.read("name") is None
    assert "cannot be kept" in caplog.text


def test_only_we_may_read_the_files(tmp_path: Path) -> None:
    shelf(tmp_path).store("name", b"sound")
    assert [file.stat().st_mode & 0o777 for file in files(tmp_path)] == [0o600]
