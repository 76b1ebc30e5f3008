"""The scenarios of the turn bench: which cases, in which calls, how many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.bench.cases import Case
from voicebot.bench.figures import Summary, summarise
from voicebot.bench.mixing import Rendered
from voicebot.bench.plan import EchoPath, call_of, calls_of, mixed, side_by_side
from voicebot.bench.rig import Rig
from voicebot.bench.stage import FIXED_LINE
from voicebot.bench.trials import Trial, trials_of
from voicebot.caller.script import Script

ANSWERING = ("answers", "pauses", "numbers")
TALKING_OVER = ("barge-in", "semantic", "echo")
FIXED = "fixed"
"""The answers once more, on lines whose turns end after ``identifyDuration`` and nothing else."""
LOADED = ("answers", "barge-in")
"""Scenarios that are run with many calls at a time, too."""
MANY_CALLS = 8
ECHO_LEVELS_DB = (-10.0, -15.0, -20.0, -30.0)
ECHO_DELAYS_MS = (20, 100, 200, 400)
_QUICK_ECHOES = (EchoPath(-10, 20), EchoPath(-15, 400), EchoPath(-20, 100), EchoPath(-30, 200))
_QUICK = 4  # every fourth case
_CASES_IN_A_CALL = 15
_AT_A_TIME = {"semantic": 2, "echo": 2}

STAGES = (
    ("speech end to end of utterance", "speech_end_ms", "utterance_end_ms"),
    ("end of utterance to query", "utterance_end_ms", "asked_ms"),
    ("query to first chunk", "asked_ms", "first_chunk_ms"),
    ("first chunk to first audio", "first_chunk_ms", "first_audio_ms"),
    ("first audio to playout", "first_audio_ms", "playing_ms"),
)
"""Where the time of an answer goes, by the bot's own record."""


@dataclass(slots=True)
class Outcome:
    """What a scenario measured.

    Attributes:
        name: the scenario.
        calls: how many ran at a time.
        trials: one for each case that was reached.
        unreached: cases whose call broke off before.
        stages_ms: by the label of the stage, of all answered turns.
        echoes: by the name of the call, what came back.
    """

    name: str
    calls: int
    trials: list[Trial] = field(default_factory=list)
    unreached: int = 0
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    echoes: dict[str, EchoPath] = field(default_factory=dict)
    frames: int = 0
    late_frames: int = 0
    lost_packets: int = 0

    @property
    def valid(self) -> list[Trial]:
        """The trials that show something: the bot was doing what the case needs."""
        return [trial for trial in self.trials if trial.valid]

    def expecting(self, expect: str) -> list[Trial]:
        """Return the valid trials with one right outcome."""
        return [trial for trial in self.valid if trial.rendered.case.expect == expect]

    @property
    def overheads(self) -> Summary | None:
        """Answer gaps less the ``identifyDuration`` that was in force."""
        return summarise(
            trial.timed_gap_ms - trial.end_of_speech_ms
            for trial in self.expecting("answer")
            if trial.timed_gap_ms is not None and trial.end_of_speech_ms is not None
        )

    @property
    def gaps(self) -> Summary | None:
        """Answer gaps."""
        return summarise(trial.timed_gap_ms for trial in self.expecting("answer") if trial.timed_gap_ms is not None)

    @property
    def stops(self) -> Summary | None:
        """From the caller's first sound to the bot's silence."""
        return summarise(trial.timed_stop_ms for trial in self.expecting("stop") if trial.timed_stop_ms is not None)


def thinned(cases: Sequence[Case]) -> list[Case]:
    """Return a few cases of each kind."""
    kinds: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        kinds.setdefault((case.kind, case.language, case.bot), []).append(case)
    return [case for own in kinds.values() for case in own[::_QUICK]]


async def measure(
    rig: Rig, scenario: str, cases: Sequence[Rendered], speech: Path, calls: int = 1, *, quick: bool = False
) -> Outcome:
    """Run a scenario.

    Args:
        rig: a running service with the bench's bots.
        scenario: its name.
        cases: its cases.
        speech: folder of recorded speech.
        calls: how many calls at a time; more than one spreads the cases over them.
        quick: fewer ways for an echo to come back.

    Raises:
        VoicebotError: a caller process failed, or the bot kept no record of a call.
    """
    outcome = Outcome(scenario, calls)
    at_a_time = max(calls, _AT_A_TIME.get(scenario, 1))
    scripts = _scripts(rig, outcome, cases, speech, quick)
    by_file = {str(item.file): item for item in cases}
    for group in side_by_side(scripts, at_a_time):
        for ended in await rig.ring(group):
            record = await rig.record_of(ended.name)
            outcome.trials += trials_of(ended, record, by_file)
            outcome.frames += record["audio"]["played"]
            outcome.late_frames += record["audio"]["late"]
            outcome.lost_packets += ended.lost_packets
            _add_stages(outcome, record["turns"])
    reachable = sum(step.clip in by_file for script in scripts for step in script.steps)
    outcome.unreached = reachable - len(outcome.trials)
    return outcome


def _scripts(rig: Rig, outcome: Outcome, cases: Sequence[Rendered], speech: Path, quick: bool) -> list[Script]:
    name = f"{outcome.name}-{outcome.calls}"
    if outcome.name == "echo":
        return _echo_scripts(rig, outcome, cases, speech, quick)
    if outcome.name == "semantic":
        cases = [item for language in ("zh", "en") for item in mixed([x for x in cases if x.case.language == language])]
    most = _CASES_IN_A_CALL
    if outcome.calls > 1:
        most = max(2, min(most, -(-len(cases) // outcome.calls)))
    suffix = FIXED_LINE if outcome.name == FIXED else ""
    return calls_of(name, cases, lambda line: rig.target(line + suffix), most, speech)


def _echo_scripts(rig: Rig, outcome: Outcome, cases: Sequence[Rendered], speech: Path, quick: bool) -> list[Script]:
    """One call for each way of coming back, Mandarin and English in turn, once for each kind of bot."""
    echoes = [EchoPath(level, delay) for level in ECHO_LEVELS_DB for delay in ECHO_DELAYS_MS]
    scripts = []
    for bot in sorted({item.case.bot for item in cases}):
        for number, echo in enumerate(_QUICK_ECHOES if quick else echoes):
            language = ("zh", "en")[(number + number // len(ECHO_DELAYS_MS)) % 2]
            own = [item for item in cases if item.case.bot == bot and item.case.language == language]
            line = f"{language}_{bot}"
            name = f"echo-{line}-{-echo.level_db:.0f}dB-{echo.delay_ms}ms"
            scripts.append(call_of(name, own, rig.target(line), speech, echo))
            outcome.echoes[name] = echo
    return scripts


def _add_stages(outcome: Outcome, turns: Sequence[dict[str, float | None]]) -> None:
    for turn in turns:
        for label, start, end in STAGES:
            begun, ended = turn.get(start), turn.get(end)
            if turn.get("speech_end_ms") is not None and begun is not None and ended is not None:
                outcome.stages_ms.setdefault(label, []).append(ended - begun)
