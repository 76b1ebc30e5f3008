"""Settings of those who listen to calls and step in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from voicebot.settings.section import Language, Section, complete_languages


class SupervisionSettings(Section):
    """Supervisors of calls."""

    max_per_call: int = Field(default=2, ge=1, le=8)
    """Telephones of supervisors that one call may have at a time."""
    max_listeners: int = Field(default=4, ge=1, le=32)
    """Listeners over HTTP that one call may have at a time."""
    reserve: bool = False
    """Keep a place of the SIP library free for a supervisor of each call, besides that for a transfer: fewer callers
    in a line worker, so more line workers."""
    ring_timeout_s: float = Field(default=45.0, ge=5, le=180)
    """How long a supervisor's telephone may ring."""
    keys: bool = True
    """Let supervisors change the mode with the keys of their telephones: 1 listen, 2 whisper, 3 talk, 4 take over,
    9 leave."""
    after_take_over: Literal["bot", "hang_up"] = "bot"
    """When a supervisor leaves who had taken a call over: the bot goes on, or says goodbye and hangs up."""
    announcement: dict[Language, str] = {"zh": "", "en": ""}
    """Said to the caller when somebody begins to listen; empty: nothing."""
    tone: bool = False
    """Let the caller hear a short tone when somebody begins to listen."""

    _complete = field_validator("announcement")(complete_languages)
