from __future__ import annotations

import os
import threading
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.synthesis.cache import PromptCache, content_key

_MIB = 1024 * 1024


def _key(number: int) -> str:
    return content_key("engine", "model", "voice", 8000, f"text {number}")


def test_what_was_put_comes_back_from_memory_and_in_a_new_process_from_disk(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, 1)
    assert cache.get(_key(1), 8000) is None
    cache.put(_key(1), 8000, b"\x01\x02" * 100)
    assert cache.get_kept([_key(1)], 8000) == [b"\x01\x02" * 100]
    assert cache.get_kept([_key(1), _key(2)], 8000) is None
    again = PromptCache(tmp_path, 1)
    assert again.get_kept([_key(1)], 8000) is None
    assert again.get(_key(1), 8000) == b"\x01\x02" * 100
    assert again.get_kept([_key(1)], 8000) is not None
    assert again.stats.size_bytes == cache.stats.size_bytes == 256


@pytest.mark.parametrize("phones", [b"[]", b'[["h",40]]', b'[["h",400]]'])
def test_phonemes_are_kept_beside_the_audio(tmp_path: Path, phones: bytes) -> None:
    cache = PromptCache(tmp_path, 1)
    cache.put(_key(1), 8000, b"\x01\x02" * 100, phones)
    assert cache.get_spoken(_key(1), 8000) == (b"\x01\x02" * 100, phones)
    again = PromptCache(tmp_path, 1)
    pcm, kept = again.get_spoken(_key(1), 8000) or (b"", b"")
    assert (pcm, kept.rstrip()) == (b"\x01\x02" * 100, phones)
    assert again.get(_key(1), 8000) == pcm
    with wave.open(str(cache.path(_key(1)))) as file:
        assert file.readframes(file.getnframes()) == pcm
    raw = cache.path(_key(1)).read_bytes()
    assert int.from_bytes(raw[4:8], "little") == len(raw) - 8
    cache.path(_key(1)).write_bytes(raw.replace(phones, phones[::-1]))
    if phones != phones[::-1]:
        assert PromptCache(tmp_path, 1).get_spoken(_key(1), 8000) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:20],
        lambda raw: raw[:-2],
        lambda raw: raw + b"xx",
        lambda raw: b"JUNK" + raw[4:],
        lambda raw: raw[:60] + bytes([raw[60] ^ 1]) + raw[61:],
        lambda raw: raw[:24] + (16000).to_bytes(4, "little") + raw[28:],
    ],
    ids=["empty", "header cut", "audio cut", "too long", "no WAV", "one bit", "other rate"],
)
def test_a_damaged_file_is_a_miss_and_removed(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    PromptCache(tmp_path, 1).put(_key(1), 8000, b"\x01\x02" * 100)
    cache = PromptCache(tmp_path, 1)
    path = cache.path(_key(1))
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get(_key(1), 8000) is None
    assert not path.exists()
    assert cache.stats.corrupt == 1
    cache.put(_key(1), 8000, b"\x03\x04")
    assert PromptCache(tmp_path, 1).get(_key(1), 8000) == b"\x03\x04"


def test_a_file_is_a_wav_for_any_player(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, 1)
    cache.put(_key(1), 8000, b"\x01\x02" * 100)
    raw = cache.path(_key(1)).read_bytes()
    assert int.from_bytes(raw[4:8], "little") == len(raw) - 8
    with wave.open(str(cache.path(_key(1)))) as file:
        assert (file.getframerate(), file.readframes(1000)) == (8000, b"\x01\x02" * 100)


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, 1)
    quarter = bytes(_MIB // 4 - 2048)
    for number in range(4):
        cache.put(_key(number), 8000, quarter)
        os.utime(cache.path(_key(number)), ns=(number, number))
    # A hit from disk makes the oldest one young.
    assert PromptCache(tmp_path, 1).get(_key(0), 8000) == quarter
    cache.put(_key(4), 8000, quarter)
    there = [number for number in range(5) if cache.path(_key(number)).exists()]
    assert there == [0, 3, 4]
    assert cache.stats.evicted == 2
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.wav")) == cache.stats.size_bytes <= _MIB


def test_an_interrupted_write_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, 1)
    cache.put(_key(1), 8000, b"\x01\x02")
    leftover = cache.path(_key(1)).parent / "killed.part"
    leftover.write_bytes(b"half")
    PromptCache(tmp_path, 1)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [f"{_key(1)}.wav"]


def test_a_disk_that_cannot_be_written_costs_the_entry_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = PromptCache(tmp_path, 1)
    cache.path(_key(1)).parent.write_text("a file where a directory should be")
    cache.put(_key(1), 8000, b"\x01\x02")
    assert cache.get_kept([_key(1)], 8000) == [b"\x01\x02"]
    assert "cannot be written" in caplog.text


def test_readers_never_see_half_a_file_while_it_is_written_again_and_again(tmp_path: Path) -> None:
    contents = [bytes([value]) * 40_000 for value in (1, 2)]
    PromptCache(tmp_path, 1).put(_key(1), 8000, contents[0])
    stop = threading.Event()

    def write() -> None:
        writer = PromptCache(tmp_path, 1)
        while not stop.is_set():
            for content in contents:
                writer.put(_key(1), 8000, content)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(100):
            assert PromptCache(tmp_path, 1).get(_key(1), 8000) in contents
    finally:
        stop.set()
        thread.join()


@given(st.lists(st.text(max_size=5), min_size=4, max_size=4), st.lists(st.text(max_size=5), min_size=4, max_size=4))
def test_a_key_stands_for_all_that_makes_the_sound(one: list[str], other: list[str]) -> None:
    def key(parts: list[str]) -> str:
        return content_key(parts[0], parts[1], parts[2], 8000, parts[3])

    separated = "\0" not in "".join(one + other)
    assert (key(one) == key(other)) == (one == other) or not separated
    assert content_key("e", "m", "v", 8000, "t") != content_key("e", "m", "v", 16000, "t")
