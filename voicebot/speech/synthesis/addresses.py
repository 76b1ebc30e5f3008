"""Web and mail addresses as they are said on the telephone: "w w w dot example dot com"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# Endings of names that are written without "www." before them; others could be file names or missing spaces.
_TOP_LEVELS = (
    "com|cn|net|org|gov|edu|io|app|info|co|uk|hk|tw|me|top|vip|shop|ai|dev|tv|cc|us|de|fr|jp|eu|xyz|site|online"
)
_MAIL = re.compile(rf"(?<![\w.+-])(?P<user>[A-Za-z0-9][\w.+-]*)@(?P<host>{_LABEL}(?:\.{_LABEL})+)", re.ASCII)
_PAGE = re.compile(
    rf"(?<![\w.@/-])(?:(?P<scheme>https?://)|(?=www\.\w)|(?={_LABEL}(?:\.{_LABEL})*\.(?:{_TOP_LEVELS})(?![\w-]|\.\w)))"
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::\d+)?"
    r"(?P<path>(?:[/?#](?:[\w/?#=&%.,;:+~@!$*'()-]*[\w/=])?)?)",
    re.ASCII | re.IGNORECASE,
)
_LONGEST_PATH = re.compile(r"/?(?:/[A-Za-z0-9]{1,12})?/?")


@dataclass(frozen=True, slots=True)
class AddressWords:
    """What the signs in an address are called.

    Attributes:
        signs: the name of each sign.
        page: the whole of an address whose path is too long to be read; ``{host}`` is the host as it is said.
        digits: how a run of digits is said.
    """

    signs: dict[str, str]
    page: str
    digits: Callable[[str], str]


def speak_addresses(text: str, words: AddressWords) -> str:
    """Replace web and mail addresses by what is said for them.

    The scheme is left out. Of a page deeper down, which nobody could write down anyway, the host alone is said.
    """
    text = _MAIL.sub(lambda match: _spell(match.group(), words), text)
    return _PAGE.sub(lambda match: _page(match, words), text)


def _page(match: re.Match[str], words: AddressWords) -> str:
    host, path = match["host"], match["path"]
    # "3.5" and "10.0.0.1" are numbers, unless a scheme says that they are an address.
    if not match["scheme"] and not re.search(r"[A-Za-z]", host):
        return match.group()
    if _LONGEST_PATH.fullmatch(path):
        return _spell(host + path.rstrip("/"), words)
    return words.page.format(host=_spell(host, words))


def _spell(address: str, words: AddressWords) -> str:
    parts = []
    for run in re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]", address):
        if run.isdigit():
            parts.append(words.digits(run))
        elif run.isalpha():
            parts.append("WWW" if run.lower() == "www" else run)
        else:
            parts.append(words.signs.get(run, ""))
    return " ".join(part for part in parts if part)
