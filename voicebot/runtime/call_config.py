"""How the conversation of one call behaves: the settings, what the line has of its own, and what came with the call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voicebot.conversation.answeredby import DECISIONS, Answerer, Then
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.leg import CallInfo
from voicebot.hotwords import variable_words
from voicebot.runtime.lines import endpointing_of, fallback_transfer
from voicebot.settings.model import LineSettings, Settings

# The line's own time-outs guard those of the connector and of the SIP side, so they go off after them.
_ANSWER_SLACK_MS = 5_000
_TRANSFER_SLACK_MS = 60_000


def conversation_config(
    settings: Settings, line: LineSettings, info: CallInfo, variables: Mapping[str, str], hot_words: Iterable[str] = ()
) -> ConversationConfig:
    """Return what a conversation goes by.

    Args:
        settings: all of them.
        line: the line that has the call.
        info: the call.
        variables: what the brain is told besides the numbers and the headers of the call.
        hot_words: of the line's bot, for the recogniser.
    """
    rules, transfer = settings.conversation, settings.sip.transfer
    decisions = {Answerer(name): Then(after) for name, after in rules.answered_by.model_dump().items()}
    return ConversationConfig(
        language=line.language,
        variables={**variables, "caller": info.caller, "called": info.called, **info.headers},
        barge_in_ms=rules.barge_in_ms,
        barge_in_longest_ms=rules.barge_in_longest_ms,
        pause_first=rules.barge_in == "pause",
        keep_talk_over=rules.talk_over == "keep",
        dtmf_interrupts=rules.dtmf_interrupts,
        greeting_protection_ms=rules.greeting_protection_ms,
        answered_by={**DECISIONS, **decisions},
        voicemail_message=rules.voicemail_message[line.language],
        max_monologue_ms=rules.max_monologue_s * 1000,
        prompt=rules.prompt[line.language],
        monologue=rules.monologue[line.language],
        silence_ms=rules.silence_s * 1000,
        max_silences=rules.max_silences,
        max_call_ms=rules.max_call_s * 1000,
        answer_timeout_ms=settings.brain.total_timeout_ms + _ANSWER_SLACK_MS,
        talk_while_transferring=transfer.waiting == "talk",
        transfer_timeout_ms=int(transfer.ring_timeout_s * 2000) + _TRANSFER_SLACK_MS,
        announcement=settings.recording.announcement[line.language] if settings.recording.enabled else "",
        apology=rules.apology[line.language],
        goodbye=rules.goodbye[line.language],
        unavailable=rules.unavailable[line.language],
        fallback=fallback_transfer(settings.brain.fallback_transfer),
        play_audio=plays_audio(settings, line),
        hint=_hint(settings, {**variables, **info.headers}, hot_words),
        endpointing=endpointing_of(line, rules),
        own_brain=not line.brain_url,
        rehearse=not line.brain_url and rules.rehearsals > 0,
    )


def plays_audio(settings: Settings, line: LineSettings) -> bool:
    """Whether audio files of the brain are played; not those of our own bots: it is quicker to speak their texts."""
    return bool(line.brain_url) and settings.brain.play_audio


def _hint(settings: Settings, variables: Mapping[str, str], hot_words: Iterable[str]) -> str:
    """Return what this caller is likely to say: names that came with the call, then the words of the bot."""
    if settings.speech.recogniser.hot_words == "off":
        return ""
    return "\n".join(dict.fromkeys([*variable_words(variables), *hot_words]))
