"""``voicebot bench calls``: many calls with real audio, made by SIPp, and what they cost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voicebot.bench.calls_load import Carried, carry_native, carry_ours, hold_ms
from voicebot.bench.calls_row import PLACES, Row, call_in_a_row
from voicebot.bench.calls_rtp import Heard
from voicebot.bench.calls_sipp import Load, Made, make_calls
from voicebot.bench.calls_stage import BOT, Line, PhoneBank, calls_rig, calls_settings, phone_bank
from voicebot.bench.calls_voices import write_voices
from voicebot.bench.rig import Rig
from voicebot.settings.model import Settings

LOAD, SETUP, ROW = "load", "setup", "row"
ALL = (LOAD, SETUP, ROW)
_SETUP_S = 10.0
_SETUP_HOLD_S = 2.0

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CallsPlan:
    """What to measure.

    Attributes:
        speech: folder of recorded speech.
        scenarios: which of ``ALL``.
        calls: at a time.
        hold_s: how long they are measured while all are up.
        per_s: new calls a second.
        row: calls in a row.
        native: a ``pjsua`` program to compare with; "" for the player of pjsua2's own parts.
        quick: fewer calls in a row, shorter measurements.
    """

    speech: Path
    scenarios: tuple[str, ...] = ALL
    calls: int = 64
    hold_s: float = 12.0
    per_s: float = 20.0
    row: int = 1000
    native: str = ""
    quick: bool = False


@dataclass(slots=True)
class SetUp:
    """Calls that begin one soon after the other.

    Attributes:
        per_s: how many a second.
        made: what SIPp says.
        heard: what the phones heard.
        line: what the bot's side counted.
    """

    per_s: float
    made: Made
    heard: Heard
    line: Line


@dataclass(slots=True)
class CallsFigures:
    """What was measured.

    Attributes:
        library_calls: that one process of the line carries, by its SIP library.
        ours, line: calls held on the service, and what its own side counted of their frames.
        native: as many on native players.
        setup: calls that begin one soon after the other.
        row: calls in a row.
    """

    library_calls: int = 0
    ours: Carried | None = None
    line: Line | None = None
    native: Carried | None = None
    setup: SetUp | None = None
    row: Row | None = None


async def measure_calls(settings: Settings, plan: CallsPlan, folder: Path, tell: Tell) -> CallsFigures:
    """Run the scenarios of a plan.

    Args:
        settings: of the service; its bots and lines are replaced by the bench's.
        plan: what to measure.
        folder: for the files of callers and SIPp.
        tell: told what begins.

    Raises:
        ConfigError: there is no speech.
        VoicebotError: SIPp is missing, or a process failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    voices = write_voices(plan.speech, folder / "voices")
    figures = CallsFigures()
    async with phone_bank(max(plan.calls, 2 * PLACES), voices) as phones:
        if LOAD in plan.scenarios or SETUP in plan.scenarios:
            await _many(settings, plan, figures, phones, folder, tell)
        if LOAD in plan.scenarios and figures.ours is not None:
            tell(f"{plan.calls} calls on native players")
            load = _load("", phones, plan)
            processes = figures.ours.processes
            figures.native = await carry_native(phones, load, processes, plan.hold_s, folder, plan.native)
        if ROW in plan.scenarios:
            tell(f"{plan.row} calls in a row")
            line = Line()
            with calls_settings(settings, PLACES) as own:
                async with calls_rig(own, folder, line) as rig:
                    figures.row = await call_in_a_row(rig, phones, plan.row, folder, line, tell)
    return figures


async def _many(
    settings: Settings, plan: CallsPlan, figures: CallsFigures, phones: PhoneBank, folder: Path, tell: Tell
) -> None:
    with calls_settings(settings, plan.calls) as own:
        line = Line()
        tell(f"starting line workers for {plan.calls} calls")
        async with calls_rig(own, folder, line) as rig:
            figures.library_calls = rig.service.supervisor.workers[0].library_calls
            if LOAD in plan.scenarios:
                tell(f"{plan.calls} calls at a time")
                load = _load(rig.target(BOT).partition("@")[2], phones, plan)
                figures.ours = await carry_ours(rig, phones, load, plan.hold_s, folder, line)
                figures.line = line.taken()
            if SETUP in plan.scenarios:
                tell(f"{plan.per_s:g} new calls a second")
                figures.setup = await _set_up(rig, phones, plan, folder, line)


async def _set_up(rig: Rig, phones: PhoneBank, plan: CallsPlan, folder: Path, line: Line) -> SetUp:
    """Let calls begin at a steady pace; each lasts as long as there is room for, two seconds at most."""
    calls = round(plan.per_s * (_SETUP_S / 2 if plan.quick else _SETUP_S))
    hold = min(_SETUP_HOLD_S, 0.4 * plan.calls / plan.per_s)
    target = rig.target(BOT).partition("@")[2]
    await phones.heard()
    line.taken()
    load = Load(target, BOT, phones.ports, calls, plan.per_s, plan.calls, round(1000 * hold))
    made = await make_calls(load, folder, "sipp-setup")
    await line.until(made.good)
    return SetUp(plan.per_s, made, await phones.heard(), line.taken())


def _load(target: str, phones: PhoneBank, plan: CallsPlan) -> Load:
    held_ms = hold_ms(plan.calls, plan.per_s, plan.hold_s)
    return Load(target, BOT, phones.ports[: plan.calls], plan.calls, plan.per_s, plan.calls, held_ms)
