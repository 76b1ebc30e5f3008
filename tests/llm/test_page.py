"""The page about language models: its examples are settings and bots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.dialogue import load_bot
from voicebot.settings import load_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
REST = """
language: en
start: hello
silence: {prompts: ["Hello?"], goto: goodbye}
fallback: {texts: ["Sorry?"], goto: goodbye}
skills: {find_book: {url: "http://x.example/"}}
nodes:
  hello: {say: Hello.}
  ask_card: {say: Your card.}
  to_person: {say: One moment., instructions: {transfer: {value: "1"}}}
  goodbye: {say: Bye., instructions: {hangup: true}}
"""


@pytest.mark.parametrize("name", ["language-model.md", "language-model.zh-CN.md"])
def test_the_examples_of_the_page_work(name: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    setting, *bots = blocks
    (tmp_path / "voicebot.yaml").write_text(setting, encoding="utf-8")
    assert load_settings(tmp_path / "voicebot.yaml").language_model.base_url
    assert len(bots) == 2
    (tmp_path / "bot.yaml").write_text("".join(bots) + REST, encoding="utf-8")
    bot = load_bot(tmp_path / "bot.yaml")
    assert bot.language_model is not None
    assert bot.language_model.tools == ("find_book",)
    assert "shop_price" in bot.skills
