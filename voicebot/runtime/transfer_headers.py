"""What the person who takes a transferred call is told about it: X- headers of the INVITE or the REFER."""

from __future__ import annotations

from urllib.parse import quote

from voicebot.conversation.leg import CallInfo

MAX_HEADER_CHARACTERS = 200

# Printable ASCII stands for itself, but for the sign that escapes the rest.
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def transfer_headers(session_id: str, call: CallInfo, line: str, reason: str) -> dict[str, str]:
    """Return the headers of a transfer.

    Args:
        session_id: the brain's name for the conversation; without one the Call-ID takes its place.
        call: the call that is handed over.
        line: name of the line that took it.
        reason: why it is handed over.
    """
    told = {
        "X-Voicebot-Session": session_id or call.call_id,
        "X-Voicebot-Call": call.call_id,
        "X-Voicebot-Reason": reason,
        "X-Voicebot-Line": line,
    }
    values = {name: header_value(text) for name, text in told.items()}
    return {name: value for name, value in values.items() if value}


def header_value(text: str) -> str:
    """Return a text as the value of a header: one line of printable ASCII, at most ``MAX_HEADER_CHARACTERS``.

    "%" and what is not ASCII are percent-escaped as UTF-8: RFC 3261 allows UTF-8 in a header, but PBXs and what
    reads their variables often do not. Line breaks, tabs and control characters become blanks.
    """
    value = ""
    for character in " ".join("".join(one if one.isprintable() else " " for one in text).split()):
        escaped = quote(character, safe=_PLAIN, errors="replace")
        if len(value) + len(escaped) > MAX_HEADER_CHARACTERS:
            break
        value += escaped
    return value.strip()
