"""The Reason header (RFC 3326): why a call ends, in the words of SIP or of the telephone network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telephony.sip.grammar import is_token, parse_number, parse_params, split_list
from telephony.sip.message import SipMessage
from telephony.sip.parser import parse_message
from voicebot.errors import SipMessageError

Q850 = "Q.850"
MAX_CAUSE = 999
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Reason:
    """One value of a Reason header.

    Attributes:
        protocol: whose cause it is: "Q.850" (ITU-T Q.850, table 1) or "SIP" (a status).
        cause: its number.
        text: for people; "" if nothing was said.
    """

    protocol: str
    cause: int
    text: str = ""

    def __str__(self) -> str:
        text = self.text.replace("\\", "").replace('"', "'")
        return f"{self.protocol};cause={self.cause}" + (f';text="{text}"' if text else "")


def read_reasons(message: SipMessage) -> tuple[Reason, ...]:
    """Return what the Reason headers of a message say. Values that cannot be read are left out: they are only told."""
    values = [value for line in message.all("reason") for value in split_list(line)]
    reasons = (_read(value) for value in values)
    return tuple(reason for reason in reasons if reason is not None)


def reasons_of_text(text: str) -> tuple[Reason, ...]:
    """Return what the Reason headers of a message say that is there as text; none for what is no SIP message."""
    # Most messages have none: they need not be taken apart.
    if "\nreason" not in text.lower():
        return ()
    try:
        return read_reasons(parse_message(text.encode("utf-8", "surrogateescape")))
    except SipMessageError:
        return ()


def q850_cause(reasons: Iterable[Reason]) -> int:
    """Return the Q.850 cause among reasons; 0: there is none."""
    return next((reason.cause for reason in reasons if reason.protocol == Q850), 0)


def _read(value: str) -> Reason | None:
    protocol, mark, rest = value.partition(";")
    protocol = protocol.strip()
    try:
        params = parse_params(mark + rest)
        cause = parse_number(params.get("cause") or "", "cause", MAX_CAUSE)
    except SipMessageError:
        return None
    if not is_token(protocol):
        return None
    text = (params.get("text") or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    # Gateways write "Q.850", "q.850" and "Q850".
    known = {"Q.850": Q850, "Q850": Q850, "SIP": "SIP"}.get(protocol.upper(), protocol)
    return Reason(known, cause, text[:MAX_TEXT])
