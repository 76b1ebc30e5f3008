"""Which line answers a called number, and where a transfer goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.conversation.leg import CallInfo, TransferMode, TransferRequest
from voicebot.errors import ConfigError
from voicebot.protocol.instruction import ToCustomerService, TransferType
from voicebot.runtime.dial_target import fill_template, read_address
from voicebot.runtime.transfer_headers import transfer_headers
from voicebot.settings.conversation import ConversationSettings
from voicebot.settings.model import LineSettings, SipSettings
from voicebot.settings.section import Language

DEFAULT_REASON = "dialogue"
FALLBACK_REASON = "fallback"


def line_for(called: str, lines: Iterable[LineSettings]) -> LineSettings:
    """Return the line that answers to ``called``: by its own number, else the one with "*", else the first."""
    everything = list(lines)
    if not everything:
        raise ConfigError("lines: at least one line is needed to answer calls")
    for wanted in (called.lower(), "*"):
        for line in everything:
            if wanted in (user.lower() for user in line.called):
                return line
    return everything[0]


def endpointing_of(line: LineSettings, settings: ConversationSettings) -> EndpointingConfig | None:
    """Return how turns on a line end by their words; None if they end by ``identifyDuration`` alone."""
    mode = line.endpointing or settings.endpointing
    if mode == "fixed" or (mode == "auto" and line.brain_url):
        return None
    return EndpointingConfig(
        complete_ms=settings.complete_wait_ms,
        understood_ms=settings.understood_wait_ms,
        unclear_ms=settings.unclear_wait_ms,
        growing_ms=settings.growing_wait_ms,
    )


def transfer_request(
    instruction: ToCustomerService,
    session_id: str,
    *,
    sip: SipSettings,
    call: CallInfo,
    line: str,
    language: Language = "zh",
) -> TransferRequest:
    """Turn the brain's instruction into a dial target.

    ``transAddr`` wins; else ``transType`` picks a template of ``sip.transfer`` that ``transValue`` fills.

    Args:
        instruction: what the brain says.
        session_id: the brain's name for the conversation, "" if it gave none.
        sip: templates, and the accounts they may speak of.
        call: the call to hand over.
        line: name of the line that took it.
        language: of the briefing.

    Raises:
        TransferError: what the brain says cannot be dialled, or a template needs the PBX and no account names one.
    """
    target = read_address(instruction.trans_addr) if instruction.trans_addr else ""
    if not target:
        kind = TransferType.NUMBER if instruction.trans_addr else instruction.trans_type
        target = _by_template(kind, instruction.trans_addr.strip() or instruction.trans_value, sip, call)
    headers = transfer_headers(session_id, call, line, instruction.reason or DEFAULT_REASON)
    known = {"reason": instruction.reason, "caller": call.caller, "called": call.called, "line": line}
    return _request(target, sip, headers, briefing_text(sip.transfer.briefing[language], known))


def briefing_text(template: str, known: Mapping[str, str]) -> str:
    """Return what a person is told before he gets a caller; placeholders that are not known stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda match: known.get(match[1], match[0]), template).strip()


def fallback_transfer(target: str) -> ToCustomerService | None:
    """Return whom callers are put through to while a dialogue engine is out of order; None for nobody.

    Args:
        target: ``brain.fallback_transfer``: a SIP address, or a number for ``sip.transfer.number_uri``.
    """
    return ToCustomerService(trans_addr=target.strip(), reason=FALLBACK_REASON) if target.strip() else None


def _by_template(kind: TransferType, value: str, sip: SipSettings, call: CallInfo) -> str:
    setting, template = {
        TransferType.SEAT: ("agent_uri", sip.transfer.agent_uri),
        TransferType.GROUP: ("group_uri", sip.transfer.group_uri),
        TransferType.NUMBER: ("number_uri", sip.transfer.number_uri),
    }[kind]
    host = home_pbx(sip)
    values = {"value": value, "caller": call.caller, "called": call.called}
    return fill_template(template, values, host, setting)


def _request(target: str, sip: SipSettings, headers: dict[str, str], briefing: str) -> TransferRequest:
    return TransferRequest(
        target=target,
        mode=TransferMode(sip.transfer.mode),
        ring_timeout_s=sip.transfer.ring_timeout_s,
        headers=headers if sip.transfer.headers else {},
        bridge_on=frozenset(sip.transfer.bridge_on),
        briefing=briefing,
    )


def home_pbx(sip: SipSettings) -> str:
    """Return host and port of the PBX that transfers and calls go to: the first account's, else the first peer's."""
    if sip.accounts:
        return pbx_host(sip.accounts[0].registrar)
    return (sip.peers[0].domain or pbx_host(sip.peers[0].address)) if sip.peers else ""


def pbx_host(registrar: str) -> str:
    """Return host and port of a registrar's SIP address."""
    address = registrar.removeprefix("sips:").removeprefix("sip:")
    return urlsplit(f"//{address}").netloc.rpartition("@")[2].partition(";")[0]
