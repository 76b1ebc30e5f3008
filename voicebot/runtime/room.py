"""How many callers a line worker takes, and how many further calls it has room for."""

from __future__ import annotations

from voicebot.settings.sip import SipSettings
from voicebot.settings.supervision import SupervisionSettings


def callers_in_worker(sip: SipSettings, supervision: SupervisionSettings, library_calls: int) -> int:
    """Return how many callers a worker takes: so few that each can be transferred, and supervised if that is wanted.

    Args:
        sip: ``calls_per_worker`` is used.
        supervision: ``reserve`` is used.
        library_calls: calls that the SIP library carries in one process.
    """
    places = 3 if supervision.reserve else 2
    return max(1, min(sip.calls_per_worker or library_calls // places, library_calls))


def free_places(library_calls: int, used: int, callers: int, most_callers: int) -> int:
    """Return how many calls with supervisors or targets of transfers can begin in a worker.

    Args:
        library_calls: calls that the SIP library carries.
        used: calls that it carries now.
        callers: how many of them are callers.
        most_callers: callers that the worker takes; places for those who may yet come are kept.
    """
    return library_calls - used - max(0, most_callers - callers)
