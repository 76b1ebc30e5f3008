from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.skills.result import MAX_TEXTS, as_texts, pick

ANSWER = {"daily": {"rain": [5, 80], "days": [{"max": 21.0}]}, "ok": True}


@pytest.mark.parametrize(
    ("path", "part"),
    [
        *(("", ANSWER), ("ok", True), ("daily.rain", [5, 80]), ("daily.rain.1", 80), ("daily.days.0.max", 21.0)),
        *(("daily.rain.2", None), ("daily.rain.-1", None), ("daily.rain.x", None), ("ok.ok", None), ("none", None)),
        ("daily.rain.\u00b2", None),
    ],
)
def test_pick(path: str, part: object) -> None:
    assert pick(ANSWER, path) == part


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        *(("sent", {"x": "sent"}), (3, {"x": "3"}), (21.0, {"x": "21"}), (21.5, {"x": "21.5"}), (None, {"x": ""})),
        *((True, {"x": "true"}), (False, {"x": "false"}), (["a", 2, None], {"x": "a+2+"}), ([], {"x": ""}), ({}, {})),
        (ANSWER, {"x.daily.rain": "5+80", "x.daily.days.0.max": "21", "x.ok": "true"}),
    ],
)
def test_as_texts(value: object, texts: dict[str, str]) -> None:
    assert as_texts("x", value, "+") == texts


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=20)


@given(JSON, st.text("ab.01", max_size=8))
def test_whatever_the_result_is(result: object, path: str) -> None:
    part = pick(result, path)
    assert all(key == "x" or key.startswith("x.") for key in as_texts("x", part))


def test_there_is_a_limit() -> None:
    assert len(as_texts("x", {str(number): number for number in range(1000)})) == MAX_TEXTS


def test_numbers_that_are_none() -> None:
    assert as_texts("x", float("nan")) == {"x": "nan"}
    assert as_texts("x", float("inf")) == {"x": "inf"}
