"""What the edge answers itself, so that no worker sees it (RFC 3261 sections 8.2 and 16.3)."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.sip import SipRequest

# What a worker takes. REFER is missing on purpose: nobody outside moves the bot's calls.
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY"
SUPPORTED = "timer, replaces, norefersub, 100rel"

KNOWN_METHODS = frozenset(ALLOW.split(", ")) | {"REFER", "REGISTER", "SUBSCRIBE", "PUBLISH", "MESSAGE"}
_EXTENSIONS = frozenset(SUPPORTED.split(", "))
_NEEDS_A_DIALOG = frozenset({"BYE", "PRACK", "UPDATE", "INFO", "NOTIFY"})
# A CANCEL or an ACK must not fail for its Require (sections 8.2.2.3 and 9.1).
_NO_REQUIRE = frozenset({"ACK", "CANCEL"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer of the edge.

    Attributes:
        status: final status code.
        extra: headers that belong to it.
        reason: reason phrase, "" for the usual one.
    """

    status: int
    extra: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def screen(request: SipRequest, in_dialog: bool) -> Verdict | None:
    """Judge a well-formed request from outside; None lets it pass to the workers.

    Args:
        request: it has passed ``check_request``.
        in_dialog: its To has a tag.
    """
    if request.method not in KNOWN_METHODS:
        return Verdict(501, (("Allow", ALLOW),))
    # OPTIONS out of dialog ends here, so its Max-Forwards may be used up (section 16.3 item 3).
    if request.max_forwards == 0 and not (request.method == "OPTIONS" and not in_dialog):
        return Verdict(483)
    if request.method not in _NO_REQUIRE:
        unknown = _unknown_extensions(request)
        if unknown:
            return Verdict(420, (("Unsupported", ", ".join(unknown)),))
    return None if in_dialog else _screen_out_of_dialog(request)


def _unknown_extensions(request: SipRequest) -> list[str]:
    # The edge as a proxy has no extension at all, the workers have a few.
    wanted = request.tokens("proxy-require") + [tag for tag in request.tokens("require") if tag not in _EXTENSIONS]
    return list(dict.fromkeys(wanted))


def _screen_out_of_dialog(request: SipRequest) -> Verdict | None:
    method = request.method
    if method in ("INVITE", "ACK", "CANCEL"):
        return None
    if method == "OPTIONS":
        accept = ("Accept", "application/sdp")
        return Verdict(200, (("Allow", ALLOW), accept, ("Accept-Language", "zh, en"), ("Supported", SUPPORTED)))
    if method == "REGISTER":
        return Verdict(403, reason="No Registrar Here")
    if method in _NEEDS_A_DIALOG:
        return Verdict(481)
    return Verdict(405, (("Allow", ALLOW),))
