"""Numbers that can be dialled, as people write them."""

from __future__ import annotations

import re

from voicebot.errors import InvalidNumberError
from voicebot.storage.e164 import e164
from voicebot.storage.numbers import compact

_EXTENSION = re.compile(r"[0-9*#]{2,6}")


def dialled_number(text: str, country_code: str) -> str:
    """Return a number as it is kept with a call: E.164, or an extension of up to six digits.

    Args:
        text: however it is written.
        country_code: of numbers that have none.

    Raises:
        InvalidNumberError: it cannot be dialled; the message says why, without the number.
    """
    plain = compact(text)
    if _EXTENSION.fullmatch(plain):
        return plain
    try:
        return e164(text, country_code)
    except ValueError as error:
        raise InvalidNumberError(str(error)) from None
