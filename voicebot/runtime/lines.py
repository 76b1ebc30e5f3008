"""Which line answers a called number, and where a transfer goes."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from voicebot.conversation.leg import TransferMode, TransferRequest
from voicebot.errors import ConfigError, TransferError
from voicebot.protocol.instruction import ToCustomerService, TransferType
from voicebot.settings.model import LineSettings, SipSettings


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


def transfer_request(instruction: ToCustomerService, session_id: str, *, sip: SipSettings) -> TransferRequest:
    """Turn the brain's instruction into a dial target.

    ``transAddr`` wins; else ``transType`` picks a template of ``sip.transfer`` that ``transValue`` fills.

    Raises:
        TransferError: a template needs the PBX, and no account names one.
    """
    transfer = sip.transfer
    template = {
        TransferType.SEAT: transfer.agent_uri,
        TransferType.GROUP: transfer.group_uri,
        TransferType.NUMBER: transfer.number_uri,
    }[instruction.trans_type]
    if instruction.trans_addr:
        target = instruction.trans_addr
    elif "{pbx}" in template and not sip.accounts:
        raise TransferError("a transfer without transAddr needs an account in sip.accounts, or a host in sip.transfer")
    else:
        pbx = pbx_host(sip.accounts[0].registrar) if sip.accounts else ""
        target = template.format(value=instruction.trans_value, pbx=pbx)
    return TransferRequest(
        target=target if target.startswith(("sip:", "sips:")) else f"sip:{target}",
        mode=TransferMode(transfer.mode),
        ring_timeout_s=transfer.ring_timeout_s,
    )


def pbx_host(registrar: str) -> str:
    """Return host and port of a registrar's SIP address."""
    address = registrar.removeprefix("sips:").removeprefix("sip:")
    return urlsplit(f"//{address}").netloc.rpartition("@")[2].partition(";")[0]
