"""One telephone number, however it is written, is one string: what the blacklist compares.

Rules, in this order; full-width digits count as digits:

* "sip:", "sips:" or "tel:" in front, "@host" and ";parameters" behind are left out.
* Spaces and ``- . ( ) /`` between digits are left out.
* "00" in front of at least seven digits is the international prefix "+".
* A Chinese number is written as it is dialled inside China: mobile numbers with eleven digits, others with
  area code and its zero. +86, 0086 and 86 in front of one are left out, and so is a zero in front of a mobile number.
  "13800138000", "013800138000", "+86 138-0013-8000" and "008613800138000" are "13800138000"; "+86 10 8888 6666" is
  "01088886666".
* All other numbers stay as they are, with their "+" if there is one: without knowing the country, "020 7946 0958"
  and "+44 20 7946 0958" remain different numbers.
* What is no number (a SIP user name) is kept in lower case. No number at all, and what SIP calls a caller who
  withholds it, is "".
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

_SCHEME = re.compile(r"^(?:(?:sips?|tel):)+", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s\-.()/]")
_NUMBER = re.compile(r"\+?[0-9]+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# RFC 3323 (4.1.1.3) and what networks send in its place.
_WITHHELD = frozenset({"anonymous", "unavailable", "unknown", "restricted"})
_SHORTEST_INTERNATIONAL_DIGITS = 7
# What is taken off may have hidden more of it: "sip:sip%3A10086", "10086<;x". Each time there is less to take off.
_MOST_LAYERS = 10


def normalise(number: str) -> str:
    """Return the one form of a number, "" if there is none; see the module's rules."""
    for _ in range(_MOST_LAYERS):
        plain = _chinese(compact(number))
        if plain == number:
            break
        number = plain
    return plain


def compact(number: str) -> str:
    """Return a number without what is around and between its digits, and with "+" for "00": the first three rules."""
    text = unicodedata.normalize("NFKC", number).strip().strip("<>")
    if _SCHEME.match(text):
        text = unquote(_SCHEME.sub("", text))
    text = text.partition("@")[0].partition(";")[0].strip(" <>")
    digits = _SEPARATORS.sub("", text)
    if not _NUMBER.fullmatch(digits):
        name = text.lower()
        return "" if name in _WITHHELD else name
    if digits.startswith("00") and len(digits) >= 2 + _SHORTEST_INTERNATIONAL_DIGITS:
        return f"+{digits[2:]}"
    return digits


def _chinese(number: str) -> str:
    """Return a Chinese number as it is dialled inside China, any other as it is."""
    if number.startswith("+86"):
        return _national(number[3:].lstrip("0")) or number
    if number.startswith("86") and len(number) in (12, 13):
        return _national(number[2:]) or number
    if number.startswith("0") and _MOBILE.fullmatch(number[1:]):
        return number[1:]
    return number


def _national(significant: str) -> str:
    """Return what is dialled for a number without country code, "" if China has no such number."""
    if _MOBILE.fullmatch(significant):
        return significant
    if significant.startswith(("400", "800")) and len(significant) == 10:
        return significant
    if len(significant) in (10, 11) and not significant.startswith("0"):
        return f"0{significant}"
    return significant if 3 <= len(significant) <= 8 else ""
