"""The states of a campaign, and which command leads from which to which."""

from __future__ import annotations

import enum

from voicebot.errors import CampaignStateError


class CampaignState(enum.Enum):
    """Where a campaign is."""

    READY = "ready"
    """It has numbers, and nobody has started it yet."""
    RUNNING = "running"
    PAUSED = "paused"
    """No call begins; those that are up go on to their end."""
    STOPPED = "stopped"
    """Ended by hand, for good."""
    DONE = "done"
    """Every number has its result."""


class Command(enum.Enum):
    """What a person can order."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


_FROM = {
    Command.START: (CampaignState.READY, CampaignState.PAUSED),
    Command.PAUSE: (CampaignState.RUNNING,),
    Command.RESUME: (CampaignState.PAUSED,),
    Command.STOP: (CampaignState.READY, CampaignState.RUNNING, CampaignState.PAUSED),
}
_TO = {
    Command.START: CampaignState.RUNNING,
    Command.PAUSE: CampaignState.PAUSED,
    Command.RESUME: CampaignState.RUNNING,
    Command.STOP: CampaignState.STOPPED,
}


def next_state(state: CampaignState, command: Command) -> CampaignState:
    """Return the state that a command leads to; the same one where it is obeyed already.

    Raises:
        CampaignStateError: the campaign cannot do that any more, or not yet.
    """
    if state is _TO[command]:
        return state
    if state not in _FROM[command]:
        raise CampaignStateError(f"a campaign that is {state.value} cannot {command.value}")
    return _TO[command]
