"""Settings of the calls that the bot makes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from voicebot.settings.section import Section

Announced = Literal[
    "no_such_number",
    "number_changed",
    "suspended",
    "powered_off",
    "unreachable",
    "in_call",
    "busy",
    "rejected",
    "no_answer",
    "incoming_barred",
    "outgoing_barred",
    "no_credit",
    "call_reminder",
    "forward_failed",
    "voicemail",
    "network_busy",
    "line_fault",
]
"""What a network says before the answer, as ``telephony.announcements.outcome.Category`` names it."""


class DiallingSettings(Section):
    """Outgoing calls: single ones and campaigns."""

    target: str = "sip:{number}@{pbx}"
    """Where a number is dialled. {number}: as inside the country, {e164}: with "+" and country code, {caller}: the
    number to call from, {pbx}: host of the first account."""
    country_code: str = Field(default="86", pattern=r"^[1-9][0-9]{0,2}$")
    """Of numbers that are written without one."""
    max_calls: int = Field(default=5, ge=1, le=1000)
    """Outgoing calls at a time; the rest of ``sip.max_calls`` stays free for callers."""
    calls_per_second: float = Field(default=2.0, gt=0, le=100)
    """Calls begun in a second, over all campaigns."""
    ring_timeout_s: float = Field(default=45.0, ge=5, le=180)
    """How long a single call may ring; campaigns say it themselves."""
    listen: bool = True
    """Tell by ear what is announced before the answer, and whether a person answered."""
    give_up_on: list[Announced] = [
        *("no_such_number", "number_changed", "suspended", "powered_off", "unreachable", "in_call", "busy", "rejected"),
        *("no_answer", "incoming_barred", "outgoing_barred", "no_credit", "call_reminder", "forward_failed"),
        *("voicemail", "network_busy", "line_fault"),
    ]
    """What ends the ringing as soon as it is announced; anything else is waited out."""
    max_wait_s: float = Field(default=60.0, ge=1, le=86400)
    """How long a single call waits for a free line before it is given up."""
    holidays: list[date] = []
    """Days on which no campaign dials, whatever its hours are."""
    max_import_mib: int = Field(default=20, ge=1, le=1000)
    """Largest file of numbers."""
    max_import_rows: int = Field(default=200_000, ge=1, le=5_000_000)
