"""``voicebot bench turn``: the turn-taking of real calls, as the caller's side of them hears it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.bench.cases import CASES, read_cases
from voicebot.bench.core import CoreFigures
from voicebot.bench.core import measure as measure_core
from voicebot.bench.echo import measure_floor
from voicebot.bench.mixing import Rendered
from voicebot.bench.peer import SCENARIOS as PEER_SCENARIOS
from voicebot.bench.peer import PeerFigures, measure_peer
from voicebot.bench.rig import Rig
from voicebot.bench.scenarios import ANSWERING, FIXED, LOADED, TALKING_OVER, Outcome, measure, thinned
from voicebot.bench.stage import render_cases, with_bench_bots
from voicebot.errors import VoicebotError
from voicebot.settings.model import Settings

LOAD, CORE = "load", "core"
ALL = (*ANSWERING, FIXED, *TALKING_OVER, LOAD, CORE)
_CORE_RUNS = 3

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TurnPlan:
    """What to measure.

    Attributes:
        speech: folder of recorded speech.
        scenarios: which of ``ALL``.
        calls: how many calls at a time under load.
        quick: every fourth case only.
        peer: command that measures another system; "": none.
    """

    speech: Path
    scenarios: tuple[str, ...] = ALL
    calls: int = 8
    quick: bool = False
    peer: str = ""


@dataclass(slots=True)
class TurnFigures:
    """What was measured.

    Attributes:
        floor_ms: delay of an echo through both media ends; None if nothing rang.
        outcomes: by scenario, one call at a time.
        loaded: the same with many calls at a time.
        core: what the decisions alone cost.
        peer: what another system did with the same recordings.
        peer_failed: why there is nothing of it, if there should be.
    """

    floor_ms: float | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    loaded: dict[str, Outcome] = field(default_factory=dict)
    core: CoreFigures | None = None
    peer: PeerFigures | None = None
    peer_failed: str = ""


async def measure_turns(settings: Settings, plan: TurnPlan, recordings: Path, tell: Tell) -> TurnFigures:
    """Run the scenarios of a plan.

    Args:
        settings: of the service; its own bots and lines are replaced by the bench's.
        plan: what to measure.
        recordings: folder for the recordings of the calls.
        tell: told what begins.

    Raises:
        ConfigError: a clip is missing.
        VoicebotError: the service or a caller failed.
    """
    figures = TurnFigures()
    ringing = [name for name in plan.scenarios if name not in (LOAD, CORE)]
    loaded = list(LOADED) if LOAD in plan.scenarios else []
    if ringing or loaded:
        await _ring(settings, plan, figures, ringing, loaded, recordings, tell)
    if CORE in plan.scenarios:
        tell("ten minutes of conversation on a virtual clock")
        figures.core = min((measure_core() for _ in range(_CORE_RUNS)), key=lambda found: found.seconds)
    return figures


async def _ring(
    settings: Settings,
    plan: TurnPlan,
    figures: TurnFigures,
    ringing: Sequence[str],
    loaded: Sequence[str],
    recordings: Path,
    tell: Tell,
) -> None:
    tell("putting the callers' recordings together")
    # What the loaded run is compared with has to be measured in the same run.
    names = list(dict.fromkeys((*ringing, *loaded)))
    cases = await _all_cases(settings, plan, names, recordings / "clips")
    figures.floor_ms = await measure_floor(recordings)
    sip = settings.sip.model_copy(update={"max_calls": max(settings.sip.max_calls, plan.calls)})
    async with Rig(with_bench_bots(settings.model_copy(update={"sip": sip})), recordings) as rig:
        for name in names:
            tell(f"{name}: {len(cases[name])} cases")
            figures.outcomes[name] = await measure(rig, name, cases[name], plan.speech, quick=plan.quick)
        for name in loaded:
            tell(f"{name}: {len(cases[name])} cases, {plan.calls} calls at a time")
            figures.loaded[name] = await measure(rig, name, cases[name], plan.speech, plan.calls)
    if plan.peer:
        tell("the peer")
        own = {name: cases[name] for name in ringing if name in PEER_SCENARIOS}
        try:
            figures.peer = await measure_peer(plan.peer, settings, own, recordings)
        except VoicebotError as error:
            figures.peer_failed = error.message  # our own figures took most of an hour


async def _all_cases(
    settings: Settings, plan: TurnPlan, names: Sequence[str], folder: Path
) -> dict[str, Sequence[Rendered]]:
    """Return the cases of each scenario as recordings."""
    found: dict[str, Sequence[Rendered]] = {}
    for name in names:
        file = "answers" if name == FIXED else name
        cases = read_cases(CASES / f"{file}.yaml")
        chosen = thinned(cases) if plan.quick else cases
        found[name] = await render_cases(settings, chosen, plan.speech, folder / file)
    return found
