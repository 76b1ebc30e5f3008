from __future__ import annotations

import pytest

from telephony.line.logs import scrub


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Call to sip:+4930123@pbx.example failed", "Call to sip:…@pbx.example failed"),
        ('"Ann" <sips:ann@10.0.0.1;lr>', '"Ann" <sips:…@10.0.0.1;lr>'),
        ("tel:+4930123 unknown", "tel:… unknown"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_numbers_are_taken_out(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed
