"""Whatever happens to a call, in whatever order, the core keeps its promises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conversation.scripted import ScriptedCall, only
from voicebot.conversation.actions import Ask, CancelAsk, HangUp, Speak
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.events import (
    AnswerFailed,
    CallAnswered,
    CallEnded,
    CallHeld,
    ChunkArrived,
    ClipFailed,
    ClipFinished,
    ClipStarted,
    ClipStopped,
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
from voicebot.conversation.leg import HangupCause, TransferOutcome, TransferResult
from voicebot.conversation.phase import Phase
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Blacklist, Hangup, ToCustomerService, TransferType
from voicebot.protocol.reply import Reply

ids = st.integers(1, 4)
texts = st.sampled_from(["", "对", "我要改时间"])
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
        st.sampled_from(["", "好的。", "好"]),
        allow_interrupt=st.booleans(),
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
    st.builds(TranscriptReady, ids, ids, texts),
    st.builds(TranscriptFailed, ids, ids, st.just("speech_recognition")),
    st.builds(ChunkArrived, st.integers(1, 12), chunks),
    st.builds(AnswerFailed, st.integers(1, 12), st.sampled_from(["brain", "brain_circuit_open"])),
    st.builds(ClipStarted, st.integers(1, 12)),
    st.builds(ClipFinished, st.integers(1, 12), st.just(700)),
    st.builds(ClipStopped, st.integers(1, 12), st.just(300), st.none() | st.just(900)),
    st.builds(ClipFailed, st.integers(1, 12), st.just("speech_synthesis")),
    st.builds(DigitPressed, st.sampled_from("12#")),
    st.builds(CallHeld, st.booleans()),
    st.builds(TransferEnded, st.builds(TransferResult, st.sampled_from(TransferOutcome))),
    st.just(Tick()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(events, st.integers(0, 9000)), max_size=40))
def test_a_live_call_always_has_something_that_will_move_it(script: list[tuple[Event, int]]) -> None:
    call = ScriptedCall(ConversationConfig(silence_ms=3000, play_audio=True))
    call.feed(CallAnswered())
    for event, pause_ms in script:
        call.now_ms += pause_ms
        call.feed(event)
        assert call.core.next_deadline_ms is not None
    call.feed(CallEnded(HangupCause.CALLER))
    assert call.core.phase is Phase.OVER
    assert call.core.next_deadline_ms is None


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=40))
def test_an_abandoned_call_ends_by_itself(script: list[Event]) -> None:
    """After any beginning, with a brain and a caller that are silent from now on, the bot hangs up."""
    call = ScriptedCall(ConversationConfig(silence_ms=3000, max_call_ms=600_000, play_audio=True))
    call.feed(CallAnswered())
    for event in script:
        call.feed(event)
    call.feed(CallHeld(held=False))
    call.wait(700_000)
    call.hear(call.actions)
    call.wait(700_000)
    assert only(call.actions, HangUp)


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=40))
def test_queries_and_clips_are_numbered_once(script: list[Event]) -> None:
    call = ScriptedCall()
    call.feed(CallAnswered())
    for event in script:
        call.feed(event)
    asked = [item.turn_id for item in only(call.actions, Ask)]
    assert len(set(asked)) == len(asked)
    assert {item.turn_id for item in only(call.actions, CancelAsk)} <= set(asked)
    spoken = {item.clip_id: item.text for item in only(call.actions, Speak)}
    assert all(item.text == spoken[item.clip_id] for item in only(call.actions, Speak))
