import logging

import pytest

from telephony.edge.sources import MAX_SOURCES, SourceLog


def test_one_line_a_minute_and_source(caplog: pytest.LogCaptureFixture) -> None:
    now_s = 0.0
    sources = SourceLog(60.0, lambda: now_s)
    with caplog.at_level(logging.INFO):
        for _ in range(10):
            sources.note("192.0.2.1", "Malformed Via")
        sources.note("192.0.2.2", "Malformed Via")
        now_s = 61.0
        sources.note("192.0.2.1", "Malformed Via")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "SIP from 192.0.2.1: Malformed Via (0 more since the last line)",
        "SIP from 192.0.2.2: Malformed Via (0 more since the last line)",
        "SIP from 192.0.2.1: Malformed Via (9 more since the last line)",
    ]


def test_many_sources_do_not_fill_the_memory() -> None:
    sources = SourceLog(60.0, lambda: 0.0)
    for number in range(MAX_SOURCES + 50):
        sources.note(str(number), "x")
    assert len(sources) == MAX_SOURCES
