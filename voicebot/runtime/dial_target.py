"""Where a transfer dials: what a brain or a setting says becomes a SIP URI, or is refused.

A brain may be somebody else's program, and what it says may come from a caller's mouth. So nothing of it reaches
a SIP message before it was escaped or checked here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import quote, unquote

from telephony.sip.uri import SipUri, parse_uri
from voicebot.errors import SipMessageError, TransferError

MAX_VALUE_CHARACTERS = 128
MAX_TARGET_CHARACTERS = 512

# Signs that the SIP library writes unescaped, however they were written: what stands behind one of these could be
# taken for a parameter, a header or another address, and "%250D" would arrive as "%0D".
_UNDIALLABLE = frozenset(",;?%")
# "unreserved" of RFC 3261 section 25.1 besides letters, digits and "-_.~", and the "+" of international numbers.
# ``user-unreserved`` has more, but only these stand for themselves in the parameters of a URI as well.
_UNESCAPED = "!*'()+"
_USER_UNESCAPED = _UNESCAPED + "&=$/%"
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$/]|%[0-9A-Fa-f]{2})+")
_BARE = re.compile(r"\+?[A-Za-z0-9*#_\-]+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PARAMS = frozenset({"transport", "user"})
_PARAM_VALUE = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|%[0-9A-Fa-f]{2})+")


def escape_user(text: str) -> str:
    """Escape a name or number for the user part of a SIP URI (RFC 3261 section 25.1, UTF-8 for what is not ASCII).

    Raises:
        TransferError: it is too long, or has characters that are in no name or number and cannot be dialled safely.
    """
    if len(text) > MAX_VALUE_CHARACTERS:
        raise TransferError(f"whom to transfer to: longer than {MAX_VALUE_CHARACTERS} characters")
    if not _can_be_dialled(text):
        raise TransferError("whom to transfer to: control characters and the signs , ; ? % cannot be dialled")
    return quote(text, safe=_UNESCAPED)


def fill_template(
    template: str, values: Mapping[str, str], host: str, setting: str, section: str = "sip.transfer"
) -> str:
    """Return the SIP URI that a template of the settings makes.

    Args:
        template: "sip:{value}@{pbx}".
        values: what stands for the placeholders; escaped here.
        host: for ``{pbx}``; "" if there is no account.
        setting: the template's name, for errors.
        section: the section that it stands in, likewise.

    Raises:
        TransferError: a value cannot be dialled, the template needs an account and there is none, or it is wrong.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "pbx":
            return host or _fail_without_pbx(f"{section}.{setting}")
        if name not in values:
            known = ", ".join(f"{{{one}}}" for one in (*values, "pbx"))
            raise TransferError(f"{section}.{setting}: {{{name}}} is not known here; known are {known}")
        return escape_user(values[name])

    uri = _PLACEHOLDER.sub(value, template.strip())
    return _checked(_with_scheme(uri), f"{section}.{setting}", any_params=True)


def read_address(address: str) -> str:
    """Return the SIP URI that an address stands for; "" if it is a bare number, which needs a template.

    Understood are "1001@10.10.10.10:5060", "sip:...", "sips:..." and these in angle brackets. Of URI parameters,
    ``transport`` and ``user`` are passed on. What could carry more than an address is refused: headers ("?"),
    other parameters, a password.

    Raises:
        TransferError: it is no SIP address.
    """
    text = address.strip()
    if _BARE.fullmatch(text):
        return ""
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    return _checked(_with_scheme(text), "the address")


def _with_scheme(text: str) -> str:
    # "tel:110" is a number; with "sip:" before it, it would be the host "tel" and its port 110.
    return text if re.match(r"(?:sips?|tel):", text, re.IGNORECASE) else f"sip:{text}"


def _checked(text: str, what: str, *, any_params: bool = False) -> str:
    """Return a SIP URI put together from the checked parts of ``text``."""
    # No error quotes the address: it may be a caller's number, and errors are logged.
    if len(text) > MAX_TARGET_CHARACTERS:
        raise TransferError(f"{what}: longer than {MAX_TARGET_CHARACTERS} characters")
    if not text.isprintable():
        raise TransferError(f"{what}: control characters are not allowed in it")
    try:
        uri = parse_uri(text)
    except SipMessageError as error:
        raise TransferError(f"{what}: not a SIP address such as agent@pbx.example:5060 ({error.message})") from None
    if uri.scheme == "tel":
        raise TransferError(f"{what}: a tel: number cannot be dialled; give the number alone, or a SIP address")
    if uri.headers or "?" in text:
        raise TransferError(f'{what}: headers ("?") are not allowed in it')
    return f"{uri.scheme}:{_user(uri, what)}{_host(uri)}{_params(uri, what, any_params)}"


def _user(uri: SipUri, what: str) -> str:
    if not uri.user:
        return ""
    user = quote(uri.user, safe=_USER_UNESCAPED + ",;:")
    if _USER.fullmatch(user) is None or not _can_be_dialled(unquote(user)):
        raise TransferError(f"{what}: its part before the @ is not a name or number")
    return f"{user}@"


def _host(uri: SipUri) -> str:
    host = f"[{uri.host}]" if ":" in uri.host else uri.host
    return f"{host}:{uri.port}" if uri.port else host


def _params(uri: SipUri, what: str, any_params: bool) -> str:
    written = ""
    for name, value in uri.params.items():
        if not any_params and (name not in _PARAMS or value is None):
            raise TransferError(f"{what}: of parameters, only transport and user are allowed in it")
        if value is not None and _PARAM_VALUE.fullmatch(value) is None:
            raise TransferError(f"{what}: a parameter of it is malformed")
        written += f";{name}" if value is None else f";{name}={value}"
    return written


def _can_be_dialled(text: str) -> bool:
    return all(
        character not in _UNDIALLABLE and unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        for character in text
    )


def _fail_without_pbx(setting: str) -> NoReturn:
    raise TransferError(
        f"{'a transfer without transAddr' if setting.startswith('sip.') else 'a call'} needs an account in "
        f"sip.accounts, or a host in {setting}"
    )
