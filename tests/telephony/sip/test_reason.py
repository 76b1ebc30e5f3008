from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.reason import Reason, q850_cause, reasons_of_text


def bye(*values: str) -> str:
    lines = "".join(f"Reason: {value}\r\n" for value in values)
    return f"BYE sip:bot@host SIP/2.0\r\nCall-ID: a\r\n{lines}Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('Q.850;cause=16;text="Normal call clearing"', [Reason("Q.850", 16, "Normal call clearing")]),
        ("q.850 ; cause=17", [Reason("Q.850", 17)]),
        ("Q850;cause=1", [Reason("Q.850", 1)]),
        ("SIP;cause=200;text=elsewhere", [Reason("SIP", 200, "elsewhere")]),
        ('SIP;cause=600;text="a, b; c", Q.850;cause=34', [Reason("SIP", 600, "a, b; c"), Reason("Q.850", 34)]),
        ('preemption;cause=1;text="UA"', [Reason("preemption", 1, "UA")]),
        ("Q.850", []),
        ("Q.850;cause=", []),
        ("Q.850;cause=-1", []),
        ("Q.850;cause=1000", []),
        ("Q.850;cause=16;cause=17", []),
        (";cause=16", []),
        ("", []),
        ('Q.850;cause=16;text="never closed', []),
    ],
)
def test_values_as_gateways_write_them(value: str, expected: list[Reason]) -> None:
    assert list(reasons_of_text(bye(value))) == expected


def test_several_headers_and_the_cause_among_them() -> None:
    reasons = reasons_of_text(bye("SIP;cause=486", "Q.850;cause=17"))
    assert [reason.cause for reason in reasons] == [486, 17]
    assert q850_cause(reasons) == 17
    assert q850_cause(reasons[:1]) == 0


def test_a_message_without_the_header_or_none_at_all_has_no_reasons() -> None:
    assert reasons_of_text(bye()) == ()
    assert reasons_of_text("\nreason: nonsense") == ()
    assert reasons_of_text("") == ()


def test_bytes_that_are_no_utf_8_do_not_travel_on() -> None:
    (reason,) = reasons_of_text(bye('Q.850;cause=16;text="\udcff"'))
    reason.text.encode()


@given(st.sampled_from(["Q.850", "SIP"]), st.integers(0, 999), st.text(max_size=50))
def test_what_we_write_is_read_back(protocol: str, cause: int, text: str) -> None:
    written = str(Reason(protocol, cause, text.replace("\r", "").replace("\n", "")))
    if not written.isprintable():
        return
    (read,) = reasons_of_text(bye(written))
    assert (read.protocol, read.cause) == (protocol, cause)


@given(st.text(max_size=100))
def test_any_text_is_survived(text: str) -> None:
    reasons_of_text("BYE sip:a SIP/2.0\r\nReason: " + text + "\r\n\r\n")
