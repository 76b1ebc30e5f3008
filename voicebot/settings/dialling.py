"""Settings of the calls that the bot makes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

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
Heard = Literal[
    Announced,
    "human",
    "message_left",
    "assistant",
    "silence",
    "queue",
    "announcement",
    "ringing",
    "colour_ring",
    "undecided",
]
"""What a dialled call can turn out to be, as ``telephony.announcements.outcome.Category`` names it."""
RetriedOutcome = Literal[
    "no_answer",
    "busy",
    "unreachable",
    "network_busy",
    "failed",
    "voicemail",
    "assistant",
    "machine",
    "silent",
    "rejected",
    "barred",
    "suspended",
]
"""What a dialled call can come to so that its number may be tried again; each has the retry rule of its name."""
HeardOutcome = Literal["answered", "wrong_number", "message_left", RetriedOutcome]
"""What a dialled call came to for whoever dialled, as ``Outcome`` of the same module names it."""
RetryName = Literal["never", RetriedOutcome]
"""By which rule a number is tried again, as ``RetryRule`` of the same module names it."""


class HandlingSettings(Section):
    """What becomes of calls that turn out to be one thing; what is left out stays as it was."""

    outcome: HeardOutcome | None = None
    retry: RetryName | None = None
    """Name of the rule in ``retries`` of the plan; left out: that of the outcome."""
    cause: int | None = Field(default=None, ge=1, le=127)
    """Cause of ITU-T Q.850 that the call ends with."""


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
    handling: dict[Heard, HandlingSettings] = {}
    """Differences from the table of docs/answering-machines.md; the plan of a campaign may have others."""
    statuses: dict[Annotated[int, Field(ge=300, le=699)], Heard] = {}
    """What a final SIP status stands for where nothing was heard; differences from the usual."""
    block_wrong_numbers_days: int = Field(default=0, ge=0, le=3650)
    """Numbers that are not in use go on the blacklist for so many days; 0: they do not."""
    opt_out_scope: Literal["all", "campaign"] = "all"
    """Who does not dial a number any more that a bot put on the blacklist in a campaign: nobody, or this campaign."""
    opt_out_days: int = Field(default=0, ge=0, le=36_500)
    """For how long; 0: for good."""
    keep_numbers_days: int = Field(default=0, ge=0, le=36_500)
    """Days until the numbers and variables of calls and of ended campaigns are forgotten; 0: never."""
    max_wait_s: float = Field(default=60.0, ge=1, le=86400)
    """How long a single call waits for a free line before it is given up."""
    holidays: list[date] = []
    """Days on which no campaign dials, whatever its hours are."""
    max_import_mib: int = Field(default=20, ge=1, le=1000)
    """Largest file of numbers."""
    max_import_rows: int = Field(default=200_000, ge=1, le=5_000_000)
