from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from voicebot.errors import ConfigError
from voicebot.evaluation.turns import SETS, Heard, Turn, heard_turns, load_heard, load_topics, load_turns

DATA = Path(__file__).parents[1] / "data" / "understanding"


@pytest.mark.parametrize(("bot", "least"), [("appointment", 300), ("service", 150)])
def test_there_are_enough_different_turns(bot: str, least: int) -> None:
    turns = load_turns(DATA / f"{SETS[bot]}.jsonl")
    plain = {re.sub(r"\W", "", turn.said.lower()) for turn in turns}
    assert len(turns) >= least
    assert len(plain) == len({turn.id for turn in turns}) == len(turns)
    fallback = sum("fallback" in turn.expect for turn in turns)
    assert 0.12 <= fallback / len(turns) <= 0.2
    assert len({turn.node for turn in turns}) >= 4


def test_mandarin_turns_have_full_width_punctuation() -> None:
    for turn in load_turns(DATA / "appointment_zh.jsonl"):
        assert not re.search("[,?!:;]", turn.said), turn.id


def line(**entry: object) -> str:
    return json.dumps(entry) + "\n"


def test_a_line_that_is_no_turn_is_told(tmp_path: Path) -> None:
    file = tmp_path / "turns.jsonl"
    good = line(id="1", node="hello", said="Hi", expect=["fallback"], kind="x")
    file.write_text(good + line(id="2", said="Hi", expect=["fallback"]), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2 is not a labelled turn"):
        load_turns(file)
    file.write_text("no JSON", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"turns\.jsonl"):
        load_turns(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_heard(tmp_path / "nothing.jsonl")
    file.write_text(line(id="1", words="Hi"), encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1 is not a transcript"):
        load_heard(file)


def test_topics_are_those_of_a_bot(tmp_path: Path) -> None:
    file = tmp_path / "topics.json"
    file.write_text(json.dumps({"shop": {"faq:hours": ["When?"]}}), encoding="utf-8")
    assert load_topics(file, "shop") == {"faq:hours": ["When?"]}
    with pytest.raises(ConfigError, match="'clinic'"):
        load_topics(file, "clinic")


def test_a_turn_that_was_changed_needs_a_new_transcript(tmp_path: Path) -> None:
    turn = Turn("1", "hello", "Hi there", ("fallback",), "x", variables={"name": "Ann"})
    heard = Heard("1", "Hi there", "High there", "whisper", "joe", 1.0)
    [as_heard] = heard_turns([turn], [heard], tmp_path)
    assert (as_heard.said, as_heard.expect, as_heard.variables) == ("High there", ("fallback",), {"name": "Ann"})
    with pytest.raises(ConfigError, match="no transcript of 1; make them anew with --asr --fresh"):
        heard_turns([Turn("1", "hello", "Hi you", ("fallback",), "x")], [heard], tmp_path)
