from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from voicebot.server.audio.addresses import AudioAddresses, Sentence

VALID_S = 600
NOW_S = 1_000_000_020


class Clock:
    def __init__(self) -> None:
        self.now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


def addresses(secret: bytes = b"s", max_names: int = 10, clock: Clock | None = None) -> AudioAddresses:
    return AudioAddresses(secret, VALID_S, max_names, clock or Clock())


def parts(path: str) -> tuple[str, str, str]:
    address = urlsplit(path)
    query = parse_qs(address.query)
    return address.path.removeprefix("/audio/").removesuffix(".wav"), query["e"][0], query["s"][0]


def test_names_are_stable_and_differ_by_text_voice_and_secret() -> None:
    same = {parts(addresses().url_path(text, "en")) for text in ("hi", " hi ")}
    assert len(same) == 1
    others = [addresses().url_path("ho", "en"), addresses().url_path("hi", "zh"), addresses(b"t").url_path("hi", "en")]
    names = {name for name, _, _ in same} | {parts(path)[0] for path in others}
    assert len(names) == 4
    assert min(map(len, names)) >= 32


def test_names_are_bounded_and_the_ones_given_out_lately_are_kept() -> None:
    books = addresses(max_names=2)
    first, second = (parts(books.url_path(text, "en"))[0] for text in ("1", "2"))
    books.url_path("1", "en")
    third = parts(books.url_path("3", "en"))[0]
    assert len(books) == 2
    assert books.sentence(first) == Sentence("1", "en")
    assert books.sentence(second) is None
    assert books.sentence(third) == Sentence("3", "en")


def test_a_sentence_spelt_in_two_ways_is_kept_with_the_one_used_last() -> None:
    books = addresses(max_names=2)
    name = parts(books.url_path("1", "en"))[0]
    books.url_path(" 1", "en")
    books.url_path("2", "en")
    books.url_path("1", "en")
    assert books.sentence(name) == Sentence("1", "en")


def test_an_address_is_good_for_the_time_that_was_set_and_at_most_a_minute_more() -> None:
    clock = Clock()
    books = addresses(clock=clock)
    address = parts(books.url_path("hi", "en"))
    remaining_s = books.remaining_s(*address)
    assert remaining_s is not None
    assert VALID_S <= remaining_s <= VALID_S + 60
    clock.now_s += remaining_s - 1
    assert books.remaining_s(*address) == 1
    clock.now_s += 1
    assert books.remaining_s(*address) == 0


def test_a_sentence_said_later_has_the_same_name_and_runs_out_later() -> None:
    clock = Clock()
    books = addresses(clock=clock)
    name, expiry, signature = parts(books.url_path("hi", "en"))
    clock.now_s += VALID_S
    later = parts(books.url_path("hi", "en"))
    assert later[0] == name
    assert int(later[1]) == int(expiry) + VALID_S
    assert later[2] != signature
    assert books.remaining_s(*later) == int(later[1]) - int(clock.now_s)


@pytest.mark.parametrize("valid_s", [10, 60, 604_800])
def test_no_address_is_given_out_that_has_run_out_too_early(valid_s: int) -> None:
    clock = Clock()
    books = AudioAddresses(b"s", valid_s, 10, clock)
    for _ in range(200):
        clock.now_s += 0.9
        remaining_s = books.remaining_s(*parts(books.url_path("hi", "en")))
        assert remaining_s is not None
        assert remaining_s >= valid_s


def test_other_secrets_sign_otherwise() -> None:
    assert addresses(b"t").remaining_s(*parts(addresses(b"s").url_path("hi", "en"))) is None


@given(st.integers(0, 2), st.text(max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_nothing_can_be_altered(which: int, inserted: str, start: int, length: int) -> None:
    books = addresses()
    genuine = parts(books.url_path("hi", "en"))
    altered = list(genuine)
    altered[which] = altered[which][:start] + inserted + altered[which][start + length :]
    assume(tuple(altered) != genuine)
    name, expiry, signature = altered
    assert books.remaining_s(name, expiry, signature) is None
