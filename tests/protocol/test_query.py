from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import ProtocolError
from voicebot.protocol import Query, SilenceType, TransferState, emit_query, parse_query

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("queryText", "sessionId", "variables", "silence", "silenceType")


def test_the_page_s_request() -> None:
    body = {
        "queryText": "你是谁啊",
        "sessionId": "3_f7de7ec487694bc7bf2f64cf309cbd8d",
        "variables": {"homeAddress": "chengdu"},
    }
    query = parse_query(body)
    assert query == Query("你是谁啊", "3_f7de7ec487694bc7bf2f64cf309cbd8d", {"homeAddress": "chengdu"})
    assert emit_query(query) == body


def test_nothing_is_required() -> None:
    assert parse_query({}) == Query()
    assert parse_query(dict.fromkeys(NAMES)) == Query()


def test_unknown_fields_are_ignored() -> None:
    assert parse_query({"queryText": "hi", "multimodal": [1], "uid": 3}) == Query("hi")


def test_variables_that_are_no_strings_become_their_json() -> None:
    query = parse_query({"variables": {"a": 1, "b": True, "c": None, "d": {"e": "张"}, "f": 1.5}})
    assert query.variables == {"a": "1", "b": "true", "c": "", "d": '{"e": "张"}', "f": "1.5"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"queryText": 5}, "queryText"),
        ({"sessionId": ["x"]}, "sessionId"),
        ({"sessionId": "x" * 257}, "sessionId"),
        ({"variables": "name=x"}, "variables"),
        ({"silence": "true"}, "silence"),
        ({"silenceType": "1"}, "silenceType"),
        ({"silenceType": True}, "silenceType"),
        ({"silenceType": 7}, "silenceType"),
        ([], ""),
        ("hello", ""),
    ],
)
def test_wrong_types_name_the_field(body: object, field: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_query(body)
    assert caught.value.field == field
    assert caught.value.code == "protocol"


def test_silence() -> None:
    query = parse_query({"silence": True, "silenceType": 1})
    assert query.silence
    assert query.silence_type is SilenceType.NODE
    assert emit_query(query) == {"queryText": "", "sessionId": "", "silence": True, "silenceType": 1}


@pytest.mark.parametrize(
    ("value", "state"), [("-1", TransferState.FAILED), ("2", TransferState.BUSY), ("1", None), ("", None)]
)
def test_transfer_state(value: str, state: TransferState | None) -> None:
    assert Query(variables={"Trans_result": value}).transfer_state is state


def test_lone_surrogates_do_not_reach_the_wire() -> None:
    query = parse_query(json.loads('{"queryText": "a\\ud800b"}'))
    assert query.query_text == "a?b"


@given(st.dictionaries(st.sampled_from(NAMES), JSON_VALUES))
def test_any_json_is_read_or_refused(body: dict[str, object]) -> None:
    try:
        query = parse_query(body)
    except ProtocolError:
        return
    assert parse_query(emit_query(query)).query_text == query.query_text
    json.dumps(emit_query(query), ensure_ascii=False).encode()
