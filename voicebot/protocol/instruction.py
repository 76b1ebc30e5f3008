"""Instructions: what the brain wants done with the call besides speaking."""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from voicebot.errors import ProtocolError
from voicebot.protocol.fields import Fields, clean

logger = logging.getLogger(__name__)

HANGUP = "system_hangup"
BLACKLIST = "system_blacklist_event"
SHORT_MESSAGE = "system_shortmessage"
TO_CUSTOMER_SERVICE = "system_toCustomerService"
SEND_DIGITS = "voicebot_sendDigits"
"""Ours: the page has none for it, and platforms leave unknown instructions out."""
MOST_KEYS = 64


class TransferType(enum.IntEnum):
    """What ``transValue`` names."""

    SEAT = 1
    GROUP = 2
    NUMBER = 3


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call (``system_hangup``)."""


@dataclass(frozen=True, slots=True)
class Blacklist:
    """Never call this number again (``system_blacklist_event``)."""


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """Send a text message (``system_shortmessage``).

    Attributes:
        mobile: number to send it to; "" for the caller's own.
        signature_id: the sender's signature at the provider.
        template_id: the text's template at the provider.
    """

    mobile: str = ""
    signature_id: str = ""
    template_id: str = ""


@dataclass(frozen=True, slots=True)
class ToCustomerService:
    """Hand the call over to a person (``system_toCustomerService``).

    Attributes:
        trans_addr: SIP address ("1001@10.10.10.10:5060"); "" to make one from type and value.
        trans_type: what ``trans_value`` names.
        trans_value: seat number, name of a skill group, or telephone number.
        reason: why, for the person who takes the call; not on the page, so written only where there is one.
    """

    trans_addr: str = ""
    trans_type: TransferType = TransferType.NUMBER
    trans_value: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Press keys towards the far end, for a voice menu there (``voicebot_sendDigits``).

    Attributes:
        digits: 0-9, *, #, A-D.
    """

    digits: str


Instruction = Hangup | Blacklist | ShortMessage | ToCustomerService | SendDigits

_RANK = {ShortMessage: 0, Blacklist: 1, SendDigits: 2, ToCustomerService: 3, Hangup: 4}


def run_order(instructions: Iterable[Instruction]) -> tuple[Instruction, ...]:
    """Sort instructions so that none makes another impossible: notes first, then the transfer, the hang-up last."""
    return tuple(sorted(instructions, key=lambda instruction: _RANK[type(instruction)]))


def parse_instructions(fields: Fields) -> tuple[Instruction, ...]:
    """Read the ``instruction`` map of an answer, in the order in which it is to be carried out.

    Unknown instructions are logged and left out. So are those with parameters that make no sense, if the fields are
    read leniently: the rest of the answer still counts.

    Raises:
        ProtocolError: a parameter has the wrong type or value.
    """
    found: list[Instruction] = []
    for name, value in fields.items():
        try:
            instruction = _parse(name, value, fields)
        except ProtocolError as error:
            if not fields.lenient:
                raise
            fields.note(name, f"left out ({error.message})")
        else:
            if instruction is not None:
                found.append(instruction)
    return run_order(found)


def _parse(name: str, value: Any, fields: Fields) -> Instruction | None:
    if name == HANGUP:
        return Hangup()
    if name == BLACKLIST:
        return Blacklist()
    if name == SHORT_MESSAGE:
        return _parse_short_message(fields.inner(value, fields.path(name)))
    if name == TO_CUSTOMER_SERVICE:
        return _parse_transfer(fields.inner(value, fields.path(name)))
    if name == SEND_DIGITS:
        return _parse_digits(fields.inner(value, fields.path(name)))
    if fields.lenient:
        fields.note(name, "unknown instruction left out")
    else:
        logger.warning("unknown instruction %.60r left out", name)
    return None


def _parse_digits(fields: Fields) -> SendDigits:
    digits = fields.code("digits").strip().upper()
    if not are_keys(digits):
        fields.fail("digits", f"expected 1 to {MOST_KEYS} of 0-9 * # A-D")
    return SendDigits(digits)


def are_keys(text: str) -> bool:
    """Tell whether a text can be typed on a telephone."""
    return 0 < len(text) <= MOST_KEYS and set(text) <= set("0123456789*#ABCD")


def _parse_short_message(fields: Fields) -> ShortMessage:
    return ShortMessage(fields.code("mobile"), fields.code("signatureId"), fields.code("templateId"))


def _parse_transfer(fields: Fields) -> ToCustomerService:
    address, value = fields.text("transAddr").strip(), fields.code("transValue").strip()
    if not address and not value:
        fields.fail("transValue", "a transfer needs transAddr or transValue")
    return ToCustomerService(address, _parse_transfer_type(fields), value, _reason(fields))


def _parse_transfer_type(fields: Fields) -> TransferType:
    kind = fields.code("transType").strip() or str(int(TransferType.NUMBER))
    if kind in ("1", "2", "3"):
        return TransferType(int(kind))
    if not fields.lenient:
        fields.fail("transType", 'expected "1" (seat), "2" (skill group) or "3" (number)')
    fields.note("transType", "taken as 3 (number)")
    return TransferType.NUMBER


def _reason(fields: Fields) -> str:
    # The page has no such field: what somebody means otherwise by it must not cost the caller the transfer.
    value = dict(fields.items()).get("reason")
    return clean(value).strip() if isinstance(value, str) else ""


def emit_instructions(instructions: Iterable[Instruction]) -> dict[str, Any]:
    """Write instructions as the page's map, in the order given; one of each kind, the last one wins."""
    return dict(_emit(instruction) for instruction in instructions)


def _emit(instruction: Instruction) -> tuple[str, dict[str, str] | None]:
    if isinstance(instruction, Hangup):
        return HANGUP, None
    if isinstance(instruction, Blacklist):
        return BLACKLIST, None
    if isinstance(instruction, SendDigits):
        return SEND_DIGITS, {"digits": instruction.digits}
    if isinstance(instruction, ShortMessage):
        return SHORT_MESSAGE, {
            "mobile": instruction.mobile,
            "signatureId": instruction.signature_id,
            "templateId": instruction.template_id,
        }
    return TO_CUSTOMER_SERVICE, {
        "transAddr": instruction.trans_addr,
        "transType": str(int(instruction.trans_type)),
        "transValue": instruction.trans_value,
        **({"reason": instruction.reason} if instruction.reason else {}),
    }
