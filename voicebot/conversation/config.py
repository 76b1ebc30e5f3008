"""The numbers and words a conversation goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.protocol.instruction import ToCustomerService


@dataclass(frozen=True, slots=True)
class ConversationConfig:
    """How one conversation behaves.

    Attributes:
        language: "zh" or "en".
        variables: what the brain is told with the first query (caller, called, X- headers).
        barge_in_ms: speech of this length stops an interruptible playout.
        silence_ms: silence after the playout until the bot asks again, unless the bot says otherwise.
        max_silences: silences in a row that are answered; the next one ends the call.
        max_failures: failures in a row that are apologised for; the next one ends the call.
        max_call_ms: the longest call.
        digits_pause_ms: pause that ends a row of keys; ``#`` ends it at once.
        answer_timeout_ms: longest wait for a whole answer; a guard behind the connector's own time-outs.
        transcript_timeout_ms: longest wait for a transcript once an utterance has ended.
        transfer_timeout_ms: longest wait for the result of a transfer; a guard behind the line's own.
        apology, goodbye: said by the line itself when the brain or the recogniser cannot.
        unavailable: said in place of an answer while the brain is left alone because it keeps failing.
        fallback: who the caller is put through to then; None: nobody, the line hangs up.
        play_audio: audio files that the brain gives are played; else its texts are spoken.
        hint: words that the caller is likely to say, one a line, for the recogniser.
    """

    language: str = "zh"
    variables: Mapping[str, str] = field(default_factory=dict)
    barge_in_ms: int = 160
    silence_ms: int = 8000
    max_silences: int = 3
    max_failures: int = 3
    max_call_ms: int = 1_800_000
    digits_pause_ms: int = 2000
    answer_timeout_ms: int = 65_000
    transcript_timeout_ms: int = 15_000
    transfer_timeout_ms: int = 60_000
    apology: str = "抱歉，系统出了点问题，请您再说一遍。"
    goodbye: str = "那先不打扰您了，再见。"
    unavailable: str = "非常抱歉，系统暂时无法为您服务，请您稍后再拨。"
    fallback: ToCustomerService | None = None
    play_audio: bool = False
    hint: str = ""
