"""Who hears whom, in each mode and in any mixture of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.supervision.mixing import AGENT, BOT, CALLER, Scene, ways
from voicebot.supervision.modes import Mode

S, T = "s", "t"
WITH_BOT = {
    Mode.LISTEN: {(BOT, CALLER), (BOT, S), (CALLER, S)},
    Mode.WHISPER: {(BOT, CALLER), (BOT, S), (CALLER, S)},
    Mode.TALK: {(BOT, CALLER), (BOT, S), (CALLER, S), (S, CALLER)},
    Mode.TAKE_OVER: {(CALLER, S), (S, CALLER)},
}
BRIDGE = {(CALLER, AGENT), (AGENT, CALLER), (BOT, CALLER), (BOT, S), (CALLER, S), (AGENT, S)}
WITH_AGENT = {
    Mode.LISTEN: BRIDGE,
    Mode.WHISPER: BRIDGE | {(S, AGENT)},
    Mode.TALK: BRIDGE | {(S, AGENT), (S, CALLER)},
    Mode.TAKE_OVER: {(BOT, CALLER), (BOT, S), (CALLER, S), (S, CALLER)},
}
SCENES = st.builds(
    lambda bridged, supervisors, speaking, hidden: Scene(bridged, supervisors, frozenset(speaking), hidden),
    st.booleans(),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(Mode)),
    st.sets(st.sampled_from("abc")),
    st.booleans(),
)


def test_without_a_supervisor_it_is_a_call_like_any_other() -> None:
    assert ways(Scene()) == {(BOT, CALLER)}
    assert ways(Scene(bridged=True)) == {(CALLER, AGENT), (AGENT, CALLER)}


@pytest.mark.parametrize("mode", Mode)
def test_one_supervisor(mode: Mode) -> None:
    assert ways(Scene(supervisors={S: mode})) == WITH_BOT[mode]
    assert ways(Scene(bridged=True, supervisors={S: mode})) == WITH_AGENT[mode]


def test_the_bot_is_silent_while_a_supervisor_speaks_who_is_heard() -> None:
    talks = Scene(supervisors={S: Mode.TALK}, speaking=frozenset({S}))
    assert ways(talks) == {(CALLER, S), (S, CALLER)}
    listens = Scene(supervisors={S: Mode.LISTEN}, speaking=frozenset({S}))
    assert ways(listens) == WITH_BOT[Mode.LISTEN]


def test_two_supervisors() -> None:
    heard = ways(Scene(supervisors={S: Mode.TALK, T: Mode.LISTEN}))
    assert heard == WITH_BOT[Mode.TALK] | {(S, T), (CALLER, T), (BOT, T)}
    whispered = ways(Scene(bridged=True, supervisors={S: Mode.WHISPER, T: Mode.LISTEN}))
    assert (S, T) not in whispered


def test_what_nobody_is_to_hear_is_not_heard_by_listeners() -> None:
    hidden = ways(Scene(supervisors={S: Mode.WHISPER}, hidden=True))
    assert hidden == WITH_BOT[Mode.WHISPER] - {(CALLER, S)}
    assert ways(Scene(supervisors={S: Mode.TALK}, hidden=True)) == WITH_BOT[Mode.TALK]


@given(SCENES)
def test_nobody_hears_himself_and_the_caller_is_never_alone(scene: Scene) -> None:
    heard = ways(scene)
    assert all(speaker != hearer for speaker, hearer in heard)
    assert not any(hearer == BOT for _, hearer in heard)
    partners = {speaker for speaker, hearer in heard if hearer == CALLER}
    assert partners & {BOT, AGENT, *scene.supervisors}
    assert all((CALLER, one) in heard for one in partners - {BOT})


@given(SCENES)
def test_who_only_listens_is_heard_by_nobody_and_who_whispers_never_by_the_caller(scene: Scene) -> None:
    heard = ways(scene)
    for name, mode in scene.supervisors.items():
        hearers = {hearer for speaker, hearer in heard if speaker == name}
        assert mode is not Mode.LISTEN or not hearers
        assert mode is not Mode.WHISPER or hearers <= {AGENT}
        assert (AGENT in hearers) <= scene.bridged
