from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.storage.numbers import normalise

MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
SEPARATORS = st.sampled_from(["", " ", "-", ".", "/"])
DIALLED = st.text(alphabet="0123456789+-() .", max_size=24)


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        "013800138000",
        "+86 138-0013-8000",
        "+86 (0) 138 0013 8000",
        "sip:13800138000@10.0.0.5:5060;transport=udp",
        "<sip:%2B8613800138000@pbx.example>",
        "tel:+86-138-0013-8000;phone-context=x",
        " １３８００１３８０００ ",
    ],
)
def test_a_mobile_number_is_one_number(written: str) -> None:
    assert normalise(written) == "13800138000"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+86 10 8888 6666", "01088886666"),
        ("010-88886666", "01088886666"),
        ("861088886666", "01088886666"),
        ("+864008001234", "4008001234"),
        ("400-800-1234", "4008001234"),
        ("+8695588", "95588"),
        ("95588", "95588"),
        ("110", "110"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
        ("020 7946 0958", "02079460958"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("1000", "1000"),
        ("0012", "0012"),
        ("sip:Alice.Jones@example.com", "alice.jones"),
        ("front-desk", "front-desk"),
        ("anonymous", ""),
        ("sip:Anonymous@anonymous.invalid", ""),
        ("", ""),
        ("  ", ""),
        ("+", "+"),
    ],
)
def test_other_numbers(written: str, number: str) -> None:
    assert normalise(written) == number


def test_different_people_stay_different() -> None:
    assert len({normalise(number) for number in ("13800138000", "13800138001", "+12125550100", "2125550100")}) == 4


@given(MOBILES, st.sampled_from(["", "+86", "0086", "86", "0", "+86 0"]), SEPARATORS)
def test_every_way_to_write_a_mobile_number(mobile: str, prefix: str, separator: str) -> None:
    written = prefix + separator + separator.join((mobile[:3], mobile[3:7], mobile[7:]))
    assert normalise(written) == mobile


@given(st.one_of(DIALLED, st.text(max_size=40)))
def test_once_is_enough(written: str) -> None:
    once = normalise(written)
    assert normalise(once) == once
