"""``voicebot bench turn``: how soon the bot answers and falls silent, as the caller's side of a SIP call hears it."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicebot.bench.figures import Summary, summarise, table
from voicebot.bench.rig import Rig
from voicebot.bench.scripts import barge_in_script, clips, turn_script
from voicebot.caller.analysis import Exchange, exchanges
from voicebot.caller.script import CallOutcome, Script

logger = logging.getLogger(__name__)

STAGES = (
    ("speech end to end of utterance, less identifyDuration", "speech_end_ms", "utterance_end_ms"),
    ("end of utterance to query", "utterance_end_ms", "asked_ms"),
    ("query to first chunk", "asked_ms", "first_chunk_ms"),
    ("first chunk to first audio", "first_chunk_ms", "first_audio_ms"),
    ("first audio to playout", "first_audio_ms", "playing_ms"),
)


_LINES = {"zh": "appointment", "en": "service"}
_MOST_ROUNDS = 8
_SILENCE_PROMPT_MS = 4000
_CUT_OFF_MS = 150  # the bot spoke this much before the caller's pause could have ended
_SAME_TURN_MS = 1000


@dataclass(slots=True)
class Phase:
    """What one part of the bench measured, in milliseconds."""

    name: str
    overhead_ms: list[float] = field(default_factory=list)
    stop_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    said: int = 0
    unanswered: int = 0
    cut_off: int = 0
    not_stopped: int = 0
    protected: int = 0
    frames: int = 0
    late_frames: int = 0
    lost_packets: int = 0
    worst: list[tuple[float, str, str]] = field(default_factory=list)

    @property
    def overhead(self) -> Summary | None:
        """Turn overhead: from the caller's last sound to the bot's first, less identifyDuration."""
        return summarise(self.overhead_ms)


async def measure_turns(rig: Rig, speech: Path, calls: int, turns: int) -> Phase:
    """Hold ``calls`` simultaneous calls, Mandarin and English in turn, until each has had ``turns`` turns or so.

    Some clips make a bot say goodbye: then the rest of that call's turns goes into the next round of calls.
    """
    supplies = {language: itertools.cycle(clips(speech, language)) for language in _LINES}
    languages = list(itertools.islice(itertools.cycle(_LINES), calls))
    phase = Phase(f"{calls} call{'s' if calls > 1 else ''}")
    for attempt in range(_MOST_ROUNDS):
        scripts = [
            turn_script(
                f"turn{calls}-{attempt}-{number}", rig.target(_LINES[language]), supplies[language], turns, number
            )
            for number, language in enumerate(languages if calls > 1 else [list(_LINES)[attempt % 2]])
        ]
        await _measure(rig, phase, scripts)
        if phase.said >= calls * turns:
            break
    return phase


async def measure_barge_in(rig: Rig, speech: Path, turns: int) -> Phase:
    """Talk over the bot again and again, in two calls at a time."""
    supplies = {language: itertools.cycle(clips(speech, language)) for language in _LINES}
    phase = Phase("barge-in")
    for attempt in range(_MOST_ROUNDS):
        scripts = [
            barge_in_script(
                f"barge-in-{attempt}-{language}", rig.target(_LINES[language]), supplies[language], turns // 2
            )
            for language in _LINES
        ]
        await _measure(rig, phase, scripts)
        if len(phase.stop_ms) + phase.not_stopped >= turns:
            break
    return phase


async def _measure(rig: Rig, phase: Phase, scripts: list[Script]) -> None:
    for outcome in await rig.ring(scripts):
        _add(phase, outcome, await rig.record_of(outcome.name))


def _add(phase: Phase, outcome: CallOutcome, record: dict[str, Any]) -> None:
    phase.frames += record["audio"]["played"]
    phase.late_frames += record["audio"]["late"]
    phase.lost_packets += outcome.lost_packets
    turns = [turn for turn in record["turns"] if turn["speech_end_ms"] is not None]
    answered_ms = next(mark.sample for mark in outcome.marks if mark.what == "answered") * 1000 / outcome.rate_hz
    for exchange in exchanges(outcome):
        phase.said += 1
        if exchange.interrupting:
            _add_interruption(phase, exchange, record["turns"], answered_ms)
        else:
            _add_answer(phase, exchange, _end_of_speech_ms(exchange, turns, answered_ms), outcome.name)
    for turn in turns:
        for label, start, end in STAGES:
            if turn[start] is None or turn[end] is None:
                continue
            less = turn["end_of_speech_ms"] if start == "speech_end_ms" else 0
            phase.stages_ms.setdefault(label, []).append(turn[end] - turn[start] - less)


def _add_interruption(phase: Phase, exchange: Exchange, turns: list[dict[str, Any]], answered_ms: float) -> None:
    """Take how soon the bot fell silent, unless it was saying what must be heard to the end."""
    begun = [turn for turn in turns if turn["playing_ms"] is not None]
    spoken = [turn for turn in begun if turn["playing_ms"] + answered_ms < exchange.speech_start_ms]
    if spoken and not spoken[-1]["interruptible"]:
        phase.protected += 1
    elif exchange.stop_after_ms is None:
        phase.not_stopped += 1
    else:
        phase.stop_ms.append(exchange.stop_after_ms)


def _add_answer(phase: Phase, exchange: Exchange, in_force_ms: int | None, call: str) -> None:
    """Take the gap less the end-of-speech time that was in force.

    No turn of the bot's at that moment, or an answer after seconds, which is the silence prompt: not answered.
    """
    if in_force_ms is None or exchange.gap_ms is None or exchange.gap_ms > _SILENCE_PROMPT_MS:
        phase.unanswered += 1
        return
    overhead_ms = exchange.gap_ms - in_force_ms
    if overhead_ms < -_CUT_OFF_MS:
        phase.cut_off += 1
        return
    phase.overhead_ms.append(overhead_ms)
    phase.worst = sorted([*phase.worst, (overhead_ms, call, Path(exchange.clip).stem)])[-3:]


def _end_of_speech_ms(exchange: Exchange, turns: list[dict[str, Any]], answered_ms: float) -> int | None:
    """Return the identifyDuration of the bot's turn that belongs to what the caller said; None if there is none."""
    nearest = min(
        turns, key=lambda turn: abs(turn["speech_end_ms"] + answered_ms - exchange.speech_end_ms), default=None
    )
    if nearest is None or abs(nearest["speech_end_ms"] + answered_ms - exchange.speech_end_ms) > _SAME_TURN_MS:
        return None
    return int(nearest["end_of_speech_ms"])


def report(phases: list[Phase], floor_ms: float | None, peer: list[str] | None) -> str:
    """Return the figures as Markdown."""
    lines = [
        "Turn overhead in ms (caller's last sound to bot's first on the caller's side, less `identifyDuration`):",
        "",
    ]
    rows = [
        [phase.name, *phase.overhead.cells(), str(phase.unanswered), str(phase.cut_off)]
        for phase in phases
        if phase.overhead is not None
    ]
    if floor_ms is not None:
        rows.append(["floor: an echo through both media ends", "1", *[f"{floor_ms:.0f}"] * 4, "", ""])
    if peer:
        rows.append(peer)
    lines.append(table(["", "turns", "min", "p50", "p95", "max", "unanswered", "cut off"], rows))
    worst = [f"{phase.name}: {value:.0f} ms ({clip}, {call})" for phase in phases for value, call, clip in phase.worst]
    if worst:
        lines += ["", "The slowest: " + "; ".join(worst) + "."]
    lines += ["", "Stages of a turn in ms, by the bot's own clock:", ""]
    stage_rows = [
        [f"{phase.name}: {label}", *summary.cells()]
        for phase in phases
        for label, values in phase.stages_ms.items()
        if (summary := summarise(values)) is not None
    ]
    lines.append(table(["", "turns", "min", "p50", "p95", "max"], stage_rows))
    stops = [(phase, summarise(phase.stop_ms)) for phase in phases]
    stop_rows = [
        [phase.name, *found.cells(), str(phase.not_stopped), str(phase.protected)]
        for phase, found in stops
        if found is not None
    ]
    if stop_rows:
        lines += ["", "Barge-in in ms (caller's first sound to the bot's silence on the caller's side):", ""]
        lines.append(table(["", "turns", "min", "p50", "p95", "max", "not stopped", "protected"], stop_rows))
    lines += ["", "The bot's playout, and the packets of it that the caller's side missed:", ""]
    audio_rows = [
        [
            phase.name,
            str(phase.frames),
            str(phase.late_frames),
            f"{1000 * phase.late_frames / phase.frames:.2f}",
            str(phase.lost_packets),
        ]
        for phase in phases
        if phase.frames
    ]
    lines.append(table(["", "frames", "late by > 10 ms", "per 1000", "packets lost"], audio_rows))
    return "\n".join(lines)
