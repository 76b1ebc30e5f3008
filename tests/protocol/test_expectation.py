from __future__ import annotations

import pytest

from voicebot.errors import ProtocolError
from voicebot.protocol.chunk import emit_envelope, parse_packet
from voicebot.protocol.expectation import Expectation, Expected, emit_expectation, parse_expectation
from voicebot.protocol.fields import Fields
from voicebot.protocol.lenient import LenientFields
from voicebot.protocol.query import Query, emit_query, parse_query

DONE = {"chunkId": 0, "status": "done"}


@pytest.mark.parametrize("kind", list(Expected))
def test_an_expectation_there_and_back(kind: Expected) -> None:
    expectation = Expectation(kind, (4, 6) if kind is Expected.DIGITS else None)
    assert parse_expectation(Fields(emit_expectation(expectation))) == expectation


def test_a_kind_that_is_not_known_is_an_open_question() -> None:
    assert parse_expectation(Fields({"kind": "colour"})) == Expectation()
    assert parse_expectation(Fields({})) == Expectation()


@pytest.mark.parametrize("digits", [[6, 4], [0, 4], [4], [4, 65], ["4", "6"], [True, 6], 4])
def test_digits_that_make_no_sense(digits: object, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ProtocolError, match="digits"):
        parse_expectation(Fields({"kind": "digits", "digits": digits}))
    assert parse_expectation(LenientFields({"kind": "digits", "digits": digits})) == Expectation(Expected.DIGITS)
    assert "digits" in caplog.text


def test_the_first_chunk_of_a_packet_has_what_is_expected() -> None:
    packet = emit_envelope("s", "q", DONE, 700, None, Expectation(Expected.DATE), True)
    packet["answer"] = [DONE, DONE]
    first, second = parse_packet(packet)
    assert (first.expects, first.complete) == (Expectation(Expected.DATE), True)
    assert (second.expects, second.complete) == (None, None)


def test_what_others_mean_by_complete_is_no_concern_of_ours() -> None:
    (chunk,) = parse_packet({"answer": [DONE], "complete": "100 %"})
    assert chunk.complete is None


def test_a_query_says_what_it_wants_besides() -> None:
    query = Query("hi", "s", wants_expectation=True, speculative=True)
    assert emit_query(query)["ext"] == {"expects": True, "speculate": True}
    assert parse_query(emit_query(query)) == query
    assert "ext" not in emit_query(Query("hi"))


@pytest.mark.parametrize("ext", ["x", 3, [], {"expects": "maybe"}, {"speculate": True, "tenant": "a"}])
def test_a_field_of_that_name_with_something_else_in_it_is_ignored(ext: object) -> None:
    assert parse_query({"queryText": "hi", "ext": ext}) == Query("hi")
