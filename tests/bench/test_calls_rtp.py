from __future__ import annotations

import socket
import struct
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.bench.calls_phones import Phone, Phones
from voicebot.bench.calls_rtp import HEADER_BYTES, Arrivals, Heard, packet
from voicebot.bench.calls_voices import RATE_HZ, TALKING_SHARE, write_voices
from voicebot.caller.analysis import levels
from voicebot.errors import ConfigError
from voicebot.speech.clips import own_directory
from voicebot.speech.fetching.g711 import A_LAW

MS = 1_000_000


def heard(*arrivals: tuple[int, float], ssrc: int = 7) -> Heard:
    """What comes of packets: their numbers, and when they came in ms."""
    counter = Arrivals()
    for sequence, at_ms in arrivals:
        counter.feed(packet(sequence, sequence * 160, ssrc, bytes(160)), int(at_ms * MS))
    return counter.heard


def test_packets_on_time() -> None:
    assert heard((1, 0), (2, 20), (3, 45), (4, 60)) == Heard(calls=1, packets=4, max_gap_ms=25)


def test_a_late_one_is_counted_once_though_the_next_follows_at_once() -> None:
    assert heard((1, 0), (2, 31), (3, 40)) == Heard(calls=1, packets=3, late=1, max_gap_ms=31)
    assert heard((1, 0), (2, 41), (3, 42), (4, 60)) == Heard(calls=1, packets=4, late=1, gaps=1, max_gap_ms=41)


def test_what_is_lost_is_not_late_as_well() -> None:
    assert heard((1, 0), (4, 60), (5, 80)) == Heard(calls=1, packets=3, lost=2, max_gap_ms=20)


def test_old_and_repeated_packets_are_left_out() -> None:
    assert heard((5, 0), (5, 10), (4, 15), (6, 20)).packets == 2


def test_numbers_begin_anew_after_65535() -> None:
    assert heard((65535, 0), (65536, 20), (65537, 40)) == Heard(calls=1, packets=3, max_gap_ms=20)


def test_another_source_is_another_call() -> None:
    counter = Arrivals()
    counter.feed(packet(1, 0, 1, b""), 0)
    counter.feed(packet(900, 0, 2, b""), 5000 * MS)
    assert counter.heard == Heard(calls=2, packets=2)


@given(st.lists(st.tuples(st.binary(max_size=40), st.integers(0, 10**12))))
def test_nothing_disturbs_it(datagrams: list[tuple[bytes, int]]) -> None:
    counter = Arrivals()
    for data, at_ns in datagrams:
        counter.feed(data, at_ns)
    assert counter.heard.packets <= sum(len(data) >= HEADER_BYTES for data, _ in datagrams)


def test_phones_add_up() -> None:
    total = Heard(1, 10, 1, 2, 1, 30.0)
    total.add(Heard(2, 20, 0, 1, 0, 55.0))
    assert total == Heard(3, 30, 1, 3, 1, 55.0)


def test_a_phone_answers_whoever_speaks_to_it_and_notes_when() -> None:
    phone = Phone([bytes([n]) * 160 for n in range(3)], 0)
    with phone.socket, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bot:
        bot.bind(("127.0.0.1", 0))
        bot.settimeout(5)
        assert not phone.is_in_call(time.monotonic())
        for number in (1, 2):
            bot.sendto(packet(number, 160 * number, 7, bytes(160)), ("127.0.0.1", phone.port))
        while phone.arrivals.heard.packets < 2:
            phone.receive(time.monotonic())
        assert phone.is_in_call(time.monotonic())
        phone.send()
        phone.send()
        (first, _), (second, _) = bot.recvfrom(2000), bot.recvfrom(2000)
    assert (first[12:13], second[12:13]) == (b"\1", b"\2")
    flags, kind, one, _, source = struct.unpack_from("!BBHII", first)
    _, _, two, _, other = struct.unpack_from("!BBHII", second)
    assert (flags, kind, two - one, source == other) == (0x80, 8, 1, True)


def test_phones_tell_what_they_heard_and_forget_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    voice = tmp_path_factory.mktemp("voice") / "noise.al"
    voice.write_bytes(bytes(1600))
    phones = Phones(2, [voice])
    try:
        assert phones.facts() == {
            "in_call": 0,
            "heard": {"calls": 0, "packets": 0, "lost": 0, "late": 0, "gaps": 0, "max_gap_ms": 0.0},
        }
    finally:
        for phone in phones.phones:
            phone.socket.close()


def test_talking_callers_speak_without_a_pause_and_the_others_are_silent(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    files = write_voices(own_directory(), tmp_path_factory.mktemp("voices"))
    assert len(files) == TALKING_SHARE
    assert len(set(files)) == 2
    talking, listening = (
        levels(A_LAW[np.frombuffer(file.read_bytes(), np.uint8)].astype(np.int16), RATE_HZ) for file in files[:2]
    )
    quiet = talking < talking.max() - 30
    runs = np.diff(np.flatnonzero(np.concatenate([[True], ~quiet, [True]])))
    assert runs.max() * 5 < 150
    assert talking.max() > -22
    assert listening.max() < -55


def test_a_folder_without_sentences_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    (empty / "manifest.jsonl").write_text('{"file": "a.wav", "kind": "word", "sample_rate": 16000}\n')
    with pytest.raises(ConfigError, match="no sentences"):
        write_voices(empty, empty / "out")
