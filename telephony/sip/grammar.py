"""The lexical bits of RFC 3261 section 25 that every header shares: tokens, lists, parameters.

Every pattern here is linear in the length of its input: whoever can send a datagram chooses that input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from voicebot.errors import SipMessageError

TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
HOST = r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.\-]+"
# A quoted string; an unterminated one runs to the end, so that no input makes the pattern start over.
QUOTED = r'"(?:[^"\\]|\\.)*\\?(?:"|$)'

MAX_PARAMS = 64

Params = Mapping[str, str | None]
_NO_PARAMS: Params = MappingProxyType({})

_TOKEN = re.compile(TOKEN)
_ATOMS = {mark: re.compile(rf"{QUOTED}|<[^<>]*>|({mark})", re.DOTALL) for mark in (",", ";")}
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def no_params() -> Params:
    """The empty parameters, one object for all."""
    return _NO_PARAMS


def is_token(text: str) -> bool:
    """Whether ``text`` is a token (RFC 3261 section 25.1)."""
    return _TOKEN.fullmatch(text) is not None


def split_list(text: str, mark: str = ",") -> list[str]:
    """Split at ``mark`` ("," or ";"), but not inside quotes or angle brackets. Parts come without outer blanks."""
    if mark not in text:
        return [text.strip()]
    if '"' not in text and "<" not in text:
        return [part.strip() for part in text.split(mark)]
    parts, start = [], 0
    for match in _ATOMS[mark].finditer(text):
        if match[1]:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    parts.append(text[start:].strip())
    return parts


def parse_params(text: str) -> Params:
    """Parse ``;name=value;flag`` into names in lower case and values (None for a flag, quotes removed).

    Raises:
        SipMessageError: a parameter without a name, two of one name, or more than MAX_PARAMS.
    """
    if not text:
        return _NO_PARAMS
    if not text.startswith(";"):
        raise SipMessageError("Malformed parameters")
    params: dict[str, str | None] = {}
    parts = split_list(text[1:], ";")
    if len(parts) > MAX_PARAMS:
        raise SipMessageError("Too many parameters")
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.rstrip().lower()
        if not is_token(name):
            raise SipMessageError("Malformed parameter name")
        if name in params:
            raise SipMessageError("Repeated parameter")
        params[name] = unquote(value.strip()) if equals else None
    return params


def unquote(text: str) -> str:
    """The value of a token or quoted string.

    Raises:
        SipMessageError: the closing quote is missing.
    """
    if not text.startswith('"'):
        return text
    if re.fullmatch(r'"(?:[^"\\]|\\.)*"', text, re.DOTALL) is None:
        raise SipMessageError("Unbalanced quotes")
    return _QUOTED_PAIR.sub(r"\1", text[1:-1])


def parse_number(text: str, what: str, limit: int) -> int:
    """Parse a decimal number from 0 to ``limit``.

    Raises:
        SipMessageError: not a number, or too large; ``what`` names the field.
    """
    # The length is checked first: int() of a very long string of digits is slow, and refused from Python 3.11 on.
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise SipMessageError(f"Malformed {what}")
    number = int(text)
    if number > limit:
        raise SipMessageError(f"{what} out of range")
    return number


def parse_port(text: str | None) -> int | None:
    """Parse a port from 1 to 65535; None stays None.

    Raises:
        SipMessageError: no such port.
    """
    if text is None:
        return None
    port = parse_number(text, "Port", 65535)
    if port == 0:
        raise SipMessageError("Port out of range")
    return port
