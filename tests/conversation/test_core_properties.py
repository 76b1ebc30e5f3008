"""Whatever happens to a call, in whatever order, the core keeps its promises."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversation.scripted import ScriptedCall, only
from voicebot.bench.virtual_call import BrainScript, VirtualCall
from voicebot.conversation.actions import Ask, CancelAsk, PauseSpeaking, ResumeSpeaking, Speak, StopSpeaking
from voicebot.conversation.answeredby import Answerer
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    AnsweredBy,
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallerPartial,
    CallHeld,
    ChunkArrived,
    ClipFailed,
    ClipFinished,
    ClipPaused,
    ClipStarted,
    ClipStopped,
    ClipTimed,
    DigitPressed,
    Event,
    SpeechDropped,
    SpeechGrew,
    SpeechPaused,
    SpeechResumed,
    Tick,
    TranscriptFailed,
    TranscriptReady,
    TransferEnded,
    UtteranceEnded,
)
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferRequest, TransferResult
from voicebot.conversation.orders import EndCall, HandOver, Hint, SayNow, TakenOver, TalkedOver
from voicebot.conversation.phase import Phase
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Blacklist, Hangup, ToCustomerService, TransferType
from voicebot.protocol.reply import Reply

HOUR_MS = 3_600_000

ids = st.integers(1, 4)
texts = st.sampled_from(["", "对", "嗯", "喂", "我要改时间"])
instructions = st.lists(
    st.sampled_from([Hangup(), Blacklist(), ToCustomerService("", TransferType.NUMBER, "1")]), max_size=2
).map(tuple)
chunks = st.builds(
    Chunk,
    session_id=st.sampled_from(["", "s"]),
    query_id=st.just("q"),
    chunk_id=st.integers(0, 2),
    done=st.booleans(),
    reply=st.none()
    | st.builds(
        Reply,
        st.sampled_from(["", "好的。", "好", "是吗？"]),
        allow_interrupt=st.booleans(),
        allow_semantic_interruption=st.booleans(),
        audio_url=st.sampled_from([None, "http://a/b.wav"]),
    ),
    instructions=instructions,
    identify_duration_ms=st.none() | st.just(500),
    node_silent_duration_s=st.none() | st.just(2),
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(SpeechGrew, ids, st.sampled_from([20, 160, 900])),
    st.builds(SpeechPaused, ids, ids),
    st.builds(SpeechResumed, ids),
    st.builds(UtteranceEnded, ids, ids),
    st.builds(SpeechDropped, ids),
    st.builds(CallerPartial, ids, st.integers(0, 4), texts),
    st.builds(TranscriptReady, ids, ids, texts),
    st.builds(TranscriptFailed, ids, ids, st.just("speech_recognition")),
    st.builds(ChunkArrived, st.integers(1, 12), chunks),
    st.builds(AnswerFailed, st.integers(1, 12), st.sampled_from(["brain", "brain_circuit_open"])),
    st.builds(ClipTimed, ids, st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2000)), max_size=3).map(tuple)),
    st.builds(ClipStarted, st.integers(1, 12)),
    st.builds(ClipFinished, st.integers(1, 12), st.just(700)),
    st.builds(ClipPaused, st.integers(1, 12), st.just(300), st.none() | st.just(900)),
    st.builds(ClipStopped, st.integers(1, 12), st.just(300), st.none() | st.just(900)),
    st.builds(ClipFailed, st.integers(1, 12), st.just("speech_synthesis")),
    st.builds(DigitPressed, st.sampled_from("12#")),
    st.builds(CallHeld, st.booleans()),
    st.builds(AnsweredBy, st.sampled_from([Answerer.HUMAN, Answerer.UNKNOWN])),
    st.builds(SayNow, texts, st.booleans()),
    st.builds(EndCall, texts),
    st.just(HandOver(TransferRequest("sip:1001@pbx"))),
    st.just(Hint("offer ten percent")),
    st.builds(TalkedOver, st.booleans()),
    st.builds(TakenOver, st.booleans(), st.booleans()),
    st.builds(TransferEnded, st.builds(TransferResult, st.sampled_from(TransferOutcome))),
    st.just(Tick()),
)
configs = st.builds(
    ConversationConfig,
    silence_ms=st.just(3000),
    max_call_ms=st.just(100 * HOUR_MS),
    play_audio=st.booleans(),
    pause_first=st.booleans(),
    keep_talk_over=st.booleans(),
    dtmf_interrupts=st.booleans(),
    prompt=st.just("您还在听吗？"),
    monologue=st.sampled_from(["", "打断一下。"]),
)


def answering(*sentences: str) -> BrainScript:
    """A brain that answers every query with the same sentences."""
    said = [Chunk("s", "q", number, reply=Reply(text)) for number, text in enumerate(sentences)]
    return lambda _query: [*said, Chunk("s", "q", len(said), done=True)]


BRAINS: dict[str, BrainScript] = {
    "answers": answering("好的。", "您请说。"),
    "says nothing": answering(),
    "never answers": lambda _query: [],
    "never comes to an end": lambda _query: [Chunk("s", "q", 0, reply=Reply("好的。"))],
}


@settings(max_examples=300, deadline=None)
@given(configs, st.lists(st.tuples(events, st.integers(0, 9000)), max_size=40))
def test_a_live_call_always_has_a_timer_that_leads_on(
    config: ConversationConfig, script: list[tuple[Event, int]]
) -> None:
    """The limit of the whole call alone is none, but on hold. Who talks to somebody else is that one's business."""
    call = ScriptedCall(config)
    call.feed(CallAnswered())
    stands_still: dict[type[Event], bool] = {}
    for event, pause_ms in script:
        call.now_ms += pause_ms
        call.feed(event)
        if isinstance(event, CallHeld | TalkedOver):
            stands_still[type(event)] = event.held if isinstance(event, CallHeld) else event.on
        timers = set(call.core.timers(call.now_ms))
        elsewhere = call.core.phase in (Phase.BRIDGED, Phase.TAKEN_OVER)
        assert timers - {"max_call"} or any(stands_still.values()) or elsewhere
        assert timers or elsewhere
    call.feed(CallEnded(HangupCause.CALLER))
    assert call.core.phase is Phase.OVER
    assert call.core.next_deadline_ms is None


def leave_alone(call: VirtualCall) -> None:
    """Nobody but the bot is there any more."""
    for event in (CallHeld(held=False), TalkedOver(on=False), TakenOver(on=False)):
        call.feed(event)


@pytest.mark.parametrize("brain", BRAINS)
@pytest.mark.parametrize("voice", ["speaks", "never comes to an end"])
@settings(max_examples=60, deadline=None)
@given(config=configs, script=st.lists(events, max_size=25))
def test_an_abandoned_call_ends_by_itself(
    brain: str, voice: str, config: ConversationConfig, script: list[Event]
) -> None:
    """After any beginning, with a caller who is silent from now on, the bot hangs up, long before the longest call."""
    lengths = {"speaks": lambda text: 200.0 * len(text), "never comes to an end": lambda _text: math.inf}
    call = VirtualCall(config, BRAINS[brain], lengths[voice])
    call.answered()
    for event in script:
        call.feed(event)
    leave_alone(call)
    call.run(HOUR_MS)
    assert call.over or call.core.phase is Phase.BRIDGED


@settings(max_examples=60, deadline=None)
@given(config=configs, script=st.lists(events, max_size=25), speech_ms=st.sampled_from([60, 400, 2_000, 40_000]))
def test_a_call_from_a_noisy_place_ends_by_itself(
    config: ConversationConfig, script: list[Event], speech_ms: int
) -> None:
    """There is never a word in it."""
    call = VirtualCall(config, BRAINS["answers"])
    call.answered()
    for event in script:
        call.feed(event)
    leave_alone(call)
    while call.now_ms < HOUR_MS and not call.over:
        call.run(call.says("", speech_ms) + 300)
    assert call.over or call.core.phase is Phase.BRIDGED


@settings(max_examples=300, deadline=None)
@given(configs, st.lists(events, max_size=40))
def test_queries_and_clips_are_numbered_once(config: ConversationConfig, script: list[Event]) -> None:
    call = ScriptedCall(config)
    call.feed(CallAnswered())
    for event in script:
        call.feed(event)
    asked = [item.turn_id for item in only(call.actions, Ask)]
    assert len(set(asked)) == len(asked)
    assert {item.turn_id for item in only(call.actions, CancelAsk)} <= set(asked)
    spoken = {item.clip_id: item.text for item in only(call.actions, Speak)}
    assert all(item.text == spoken[item.clip_id] for item in only(call.actions, Speak))


@settings(max_examples=300, deadline=None)
@given(configs, st.lists(events, max_size=40))
def test_the_playout_is_told_what_it_can_do(config: ConversationConfig, script: list[Event]) -> None:
    """Only what is paused goes on, and nothing is said into a pause: it would not be heard."""
    call = ScriptedCall(config)
    paused = False
    for event in [CallAnswered(), *script]:
        for action in call.feed(event):
            if isinstance(action, PauseSpeaking):
                assert not paused
                paused = True
            elif isinstance(action, ResumeSpeaking):
                assert paused
                paused = False
            elif isinstance(action, StopSpeaking):
                paused = False
            elif isinstance(action, Speak):
                assert not paused
