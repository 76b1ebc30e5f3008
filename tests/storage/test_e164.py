from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.storage.e164 import e164, national, written_forms
from voicebot.storage.numbers import normalise


@pytest.mark.parametrize(
    ("written", "country", "number", "dialled"),
    [
        ("138 0013-8000", "86", "+8613800138000", "13800138000"),
        ("013800138000", "86", "+8613800138000", "13800138000"),
        ("86 138 0013 8000", "86", "+8613800138000", "13800138000"),
        ("0086 (0)10 8888 6666", "86", "+861088886666", "01088886666"),
        ("0532-88886666", "86", "+8653288886666", "053288886666"),
        ("400 800 1234", "86", "+864008001234", "4008001234"),
        ("\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", "86", "+8613800138000", "13800138000"),
        ("+44 20 7946 0958", "86", "+442079460958", "00442079460958"),
        ("020 7946 0958", "44", "+442079460958", "02079460958"),
        ("442079460958", "44", "+442079460958", "02079460958"),
        ("(212) 555-1234", "1", "+12125551234", "2125551234"),
        ("1 212 555 1234", "1", "+12125551234", "2125551234"),
        ("06 1234 5678", "39", "+390612345678", "0612345678"),
        ("tel:+8613800138000;ext=1", "86", "+8613800138000", "13800138000"),
    ],
)
def test_numbers_that_can_be_dialled(written: str, country: str, number: str, dialled: str) -> None:
    assert e164(written, country) == number
    assert national(number, country) == dialled


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "no number"),
        ("anonymous", "no number"),
        ("call me", "not a telephone number"),
        ("1380013800", "numbering plan"),
        ("138001380000", "numbering plan"),
        ("12800138000", "numbering plan"),
        ("10086", "numbering plan"),
        ("+1 212 155 1234", "numbering plan"),
        ("+4420", "too short"),
        ("+4420794609581234", "too long"),
    ],
)
def test_numbers_that_cannot(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        e164(written)


@given(st.from_regex(r"\+[1-9][0-9]{4,16}", fullmatch=True), st.sampled_from(["86", "1", "44", "39"]))
def test_one_number_stays_itself(number: str, country: str) -> None:
    try:
        full = e164(number, country)
    except ValueError:
        return
    assert e164(full, country) == full
    assert e164(national(full, country), country) == full


@given(st.sampled_from(["+8613800138000", "+861088886666"]), st.sampled_from(["86", "44"]))
def test_a_number_is_found_on_the_blacklist_however_it_was_shown(number: str, country: str) -> None:
    forms = written_forms(number, country)
    assert {normalise(number), number} <= forms
    shown = ["13800138000", "008613800138000"] if "138" in number else ["01088886666", "86 10 8888 6666"]
    assert {normalise(one) for one in shown} <= forms


def test_a_caller_without_country_code_is_the_same_abroad() -> None:
    assert {"02079460958", "442079460958", "+442079460958", "2079460958"} <= written_forms("+442079460958", "44")
