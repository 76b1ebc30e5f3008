"""Settings of turn-taking: who speaks when, and what the line itself says."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from voicebot.settings.section import Language, Section, complete_languages

Endpointing = Literal["auto", "fixed", "adaptive"]
AfterAnswer = Literal["continue", "hang_up", "leave_message"]


class AnsweredBySettings(Section):
    """What becomes of a call that the bot made when it is known that no person answered."""

    voicemail: AfterAnswer = "hang_up"
    assistant: AfterAnswer = "continue"
    """A phone's own assistant that asks who is calling and why."""
    announcement: AfterAnswer = "hang_up"
    """The network: switched off, not in service, and the like."""
    unknown: AfterAnswer = "continue"


class ConversationSettings(Section):
    """Turn-taking and what the caller hears when something fails."""

    endpointing: Endpointing = "auto"
    """When a caller has ended. fixed: after ``identifyDuration`` of silence. adaptive: by the words, and after that
    time at the latest. auto: adaptive for our own bots, fixed for any other engine."""
    complete_wait_ms: int = Field(default=200, ge=100, le=3000)
    """adaptive: silence after words that are all that was asked for."""
    understood_wait_ms: int = Field(default=260, ge=100, le=3000)
    """adaptive: silence after a whole sentence, or words that mean something to the bot."""
    unclear_wait_ms: int = Field(default=620, ge=100, le=3000)
    """adaptive: silence after words of which nothing tells whether they are all."""
    growing_wait_ms: int = Field(default=1000, ge=100, le=3000)
    """adaptive: silence after words that may be all, and may just as well go on, like digits of an unknown number."""
    turn_model: str = ""
    """adaptive: path of a Smart Turn v3 model (.onnx) that hears whether a caller has finished; empty: none."""
    rehearsals: int = Field(default=2, ge=0, le=100)
    """Answers of our own bots that a line worker may have prepared at a time while turns are about to end; 0: none."""
    barge_in: Literal["stop", "pause"] = "stop"
    """What speech does that only words may make interrupt: nothing until there are words that mean something, or pause
    the bot after ``barge_in_ms`` until it is known what was said."""
    barge_in_ms: int = Field(default=60, ge=20, le=2000)
    """Speech of this length stops an interruptible playout."""
    barge_in_longest_ms: int = Field(default=400, ge=100, le=5000)
    """Speech of this length stops a playout that only words may interrupt, if it is not known by then what was said."""
    talk_over: Literal["keep", "drop"] = "keep"
    """What is said over a sentence that may not be interrupted: answered after it, or not at all."""
    dtmf_interrupts: bool = True
    """A key stops an interruptible playout."""
    greeting_protection_ms: int = Field(default=2000, ge=0, le=10000)
    """For so long after the answer a caller's "hello?" does not stop the greeting."""
    silence_s: int = Field(default=8, ge=1, le=120)
    """Silence after the playout until the bot asks again, unless the bot says otherwise."""
    max_silences: int = Field(default=3, ge=1, le=20)
    """Silences in a row after which the bot says goodbye."""
    max_monologue_s: int = Field(default=30, ge=5, le=600)
    """Longest speech of the caller: after that the bot answers what it has understood."""
    max_call_s: int = Field(default=1800, ge=10)
    answered_by: AnsweredBySettings = AnsweredBySettings()
    prompt: dict[Language, str] = {
        "zh": "喂，您还在听吗？",
        "en": "Hello, are you still there?",
    }
    """Said after a silence if the dialogue engine has nothing to say to it."""
    monologue: dict[Language, str] = {
        "zh": "不好意思，打断您一下。",
        "en": "Sorry to cut in.",
    }
    """Said before the answer to a caller who was cut off; empty: nothing."""
    voicemail_message: dict[Language, str] = {
        "zh": "您好，刚才给您来电没有联系上您，我们稍后再与您联系，谢谢。",
        "en": "Hello, we tried to reach you and will call again later. Thank you.",
    }
    """Left on a machine where ``answered_by`` says so; empty: none."""
    apology: dict[Language, str] = {
        "zh": "抱歉，系统出了点问题，请您再说一遍。",
        "en": "Sorry, something went wrong on our side. Please say that again.",
    }
    goodbye: dict[Language, str] = {
        "zh": "那先不打扰您了，再见。",
        "en": "I will let you go for now. Goodbye.",
    }

    unavailable: dict[Language, str] = {
        "zh": "非常抱歉，系统暂时无法为您服务，请您稍后再拨。",
        "en": "I'm very sorry, our system is out of order at the moment. Please call again later.",
    }

    _complete = field_validator("apology", "goodbye", "unavailable", "prompt", "monologue", "voicemail_message")(
        complete_languages
    )
