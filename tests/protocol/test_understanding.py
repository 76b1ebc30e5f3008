"""``understood``: written and read again; whatever stands there is no error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.protocol.query import Query, emit_query, parse_query
from voicebot.protocol.understanding import (
    MOST_VALUES,
    Understanding,
    UnderstoodValue,
    emit_understanding,
    parse_understanding,
)

_VALUES = st.builds(UnderstoodValue, st.text(), st.text(), st.text())
_SCORES = st.integers(0, 1000).map(lambda score: score / 1000)
_ALL = st.builds(
    Understanding, st.text(), st.text(), st.text(), _SCORES, st.lists(_VALUES, max_size=MOST_VALUES).map(tuple)
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["kind", "name", "score", "entities", "x"]), inner),
)


@given(_ALL)
def test_what_is_written_is_read(understood: Understanding) -> None:
    read = parse_understanding(emit_understanding(understood))
    assert read == Understanding(
        understood.kind,
        understood.name,
        understood.intent,
        understood.score,
        tuple(one for one in understood.entities if one.kind),
    )


@given(_JSON)
def test_anything_is_read_or_left_out(value: Any) -> None:
    read = parse_understanding(value)
    assert read is None or isinstance(read.kind, str)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_query_asks_for_it(wanted: bool) -> None:
    query = Query("yes", "s", wants_understanding=wanted)
    assert parse_query(emit_query(query)) == query
    assert emit_query(query).get("ext") == ({"understood": True} if wanted else None)
