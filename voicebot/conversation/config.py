"""The numbers and words a conversation goes by.

The defaults are those that the settings come to for a line in Mandarin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.conversation.answeredby import DECISIONS, Answerer, Then
from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.protocol.instruction import ToCustomerService


@dataclass(frozen=True, slots=True)
class ConversationConfig:
    """How one conversation behaves.

    Attributes:
        language: "zh" or "en".
        variables: what the brain is told with the first query (caller, called, X- headers).
        barge_in_ms: speech of this length stops an interruptible playout.
        barge_in_longest_ms: speech of this length stops a playout that only words may interrupt, if no transcript says
            what it is.
        pause_first: what only words may interrupt is paused after ``barge_in_ms``, until it is known what is said.
        keep_talk_over: what is said over a sentence that may not be interrupted is answered after it; else dropped.
        dtmf_interrupts: a key stops an interruptible playout; else keys are asked about when it has ended.
        greeting_protection_ms: for so long after the answer a caller's "hello?" does not stop the greeting.
        answered_by: what becomes of the call when it is known who answered.
        voicemail_message: said to a machine if a message is to be left; "" to leave none.
        silence_ms: silence after the playout until the bot asks again, unless the bot says otherwise.
        max_silences: silences in a row that are answered; the next one ends the call.
        max_monologue_ms: longest speech of the caller; after that the bot answers what it has understood.
        max_failures: failures in a row that are apologised for; the next one ends the call.
        max_call_ms: the longest call.
        digits_pause_ms: pause that ends a row of keys; ``#`` ends it at once.
        answer_timeout_ms: longest wait for a whole answer; a guard behind the connector's own time-outs.
        transcript_timeout_ms: longest wait for a transcript once an utterance has ended.
        talk_while_transferring: the bot goes on talking to the caller while somebody is rung.
        transfer_timeout_ms: longest wait for the result of a transfer; a guard behind the line's own.
        announcement: said before the greeting, not to be interrupted: that the call is recorded; "" for nothing.
        apology, goodbye: said by the line itself when the brain or the recogniser cannot.
        prompt: said after a silence if the brain has nothing to say to it.
        monologue: said by the line when it cuts a caller off; "" for nothing.
        unavailable: said in place of an answer while the brain is left alone because it keeps failing.
        fallback: who the caller is put through to then; None: nobody, the line hangs up.
        play_audio: audio files that the brain gives are played; else its texts are spoken.
        hint: words that the caller is likely to say, one a line, for the recogniser.
        endpointing: how turns end by their words; None: by the end-of-speech time alone.
        own_brain: the brain is ours: it is asked what it expects.
        rehearse: ask it on trial while the end of a turn is waited for.
    """

    language: str = "zh"
    variables: Mapping[str, str] = field(default_factory=dict)
    barge_in_ms: int = 60
    barge_in_longest_ms: int = 400
    pause_first: bool = False
    keep_talk_over: bool = True
    dtmf_interrupts: bool = True
    greeting_protection_ms: int = 2000
    answered_by: Mapping[Answerer, Then] = field(default_factory=lambda: dict(DECISIONS))
    voicemail_message: str = "您好，刚才给您来电没有联系上您，我们稍后再与您联系，谢谢。"
    silence_ms: int = 8000
    max_silences: int = 3
    max_monologue_ms: int = 30_000
    max_failures: int = 3
    max_call_ms: int = 1_800_000
    digits_pause_ms: int = 2000
    answer_timeout_ms: int = 65_000
    transcript_timeout_ms: int = 15_000
    talk_while_transferring: bool = False
    transfer_timeout_ms: int = 110_000
    announcement: str = ""
    apology: str = "抱歉，系统出了点问题，请您再说一遍。"
    goodbye: str = "那先不打扰您了，再见。"
    prompt: str = "喂，您还在听吗？"
    monologue: str = "不好意思，打断您一下。"
    unavailable: str = "非常抱歉，系统暂时无法为您服务，请您稍后再拨。"
    fallback: ToCustomerService | None = None
    play_audio: bool = False
    hint: str = ""
    endpointing: EndpointingConfig | None = None
    own_brain: bool = False
    rehearse: bool = False
