"""What the settings make of one call's conversation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.endpointing.endpointer import EndpointingConfig
from voicebot.conversation.leg import CallInfo
from voicebot.protocol.instruction import ToCustomerService
from voicebot.runtime.call_config import conversation_config
from voicebot.settings.model import LineSettings, Settings

INFO = CallInfo("call-1", "1000", "8001", headers={"X-Name": "Wang"})
OUR_BOT = LineSettings(name="desk")
ENGINE = LineSettings(name="desk", brain_url="https://brain.example/query")
OF_THE_LINE = {"variables", "hint", "endpointing", "own_brain", "rehearse", "play_audio"}
"""What is otherwise for each line or call, so that no default can say it."""


def config(line: LineSettings = OUR_BOT, **settings: Any) -> ConversationConfig:
    variables = {"direction": "outgoing"}
    return conversation_config(Settings.model_validate(settings), line, INFO, variables, ["Smith"])


def test_the_defaults_of_a_conversation_are_those_of_the_settings() -> None:
    of_settings, default = asdict(config()), asdict(ConversationConfig())
    assert {name: of_settings[name] for name in of_settings.keys() - OF_THE_LINE} == {
        name: default[name] for name in default.keys() - OF_THE_LINE
    }
    assert config().endpointing == EndpointingConfig()


def test_our_own_bots_are_asked_on_trial_and_end_turns_by_the_words() -> None:
    ours, theirs = config(), config(ENGINE)
    assert (ours.own_brain, ours.rehearse, ours.endpointing is not None, ours.play_audio) == (True, True, True, False)
    assert (theirs.own_brain, theirs.rehearse, theirs.endpointing, theirs.play_audio) == (False, False, None, True)
    assert not config(conversation={"rehearsals": 0}).rehearse
    assert not config(ENGINE, brain={"play_audio": False}).play_audio


def test_the_bot_is_told_of_the_call_and_the_recogniser_of_its_names() -> None:
    assert config().variables == {"direction": "outgoing", "caller": "1000", "called": "8001", "X-Name": "Wang"}
    assert "Smith" in config().hint.splitlines()
    assert config(speech={"recogniser": {"hot_words": "off"}}).hint == ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_said_is_in_the_language_of_the_line(language: str) -> None:
    line = LineSettings.model_validate({"name": "desk", "language": language})
    recorded = {"zh": "zh: recorded", "en": "en: recorded"}
    said = config(line, recording={"enabled": True, "announcement": recorded})
    rules = Settings().conversation.model_dump()
    for text in ("prompt", "monologue", "apology", "goodbye", "unavailable", "voicemail_message"):
        assert getattr(said, text) == rules[text][language]
    assert said.announcement == recorded[language]
    assert config(line, recording={"enabled": False, "announcement": recorded}).announcement == ""


def test_settings_with_other_units_and_names() -> None:
    changed = config(
        conversation={
            "silence_s": 3,
            "max_monologue_s": 20,
            "max_call_s": 60,
            "barge_in": "pause",
            "talk_over": "drop",
        },
        sip={"transfer": {"waiting": "talk", "ring_timeout_s": 10}},
        brain={"total_timeout_ms": 20_000, "fallback_transfer": "1001"},
    )
    assert (changed.silence_ms, changed.max_monologue_ms, changed.max_call_ms) == (3_000, 20_000, 60_000)
    assert (changed.pause_first, changed.keep_talk_over, changed.talk_while_transferring) == (True, False, True)
    # Guards behind the time-outs of the connector, and of two attempts to ring somebody.
    assert changed.answer_timeout_ms > 20_000
    assert changed.transfer_timeout_ms > 2 * 10_000
    assert changed.fallback == ToCustomerService(trans_addr="1001", reason="fallback")
