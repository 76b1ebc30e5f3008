"""``language_model`` and ``mcp`` of a bot file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from voicebot.dialogue import Bot, fixed_prompts, load_bot
from voicebot.dialogue.modelfile import model_texts
from voicebot.dialogue.modeluse import ACTIONS, ModelUse
from voicebot.errors import ConfigError
from voicebot.skills.served import McpServer

BOT = """\
language: en
start: hello
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  hello: {say: Hello.}
  bye: {say: Bye., instructions: {hangup: true}}
"""


def bot(folder: Path, more: str) -> Bot:
    (folder / "bot.yaml").write_text(BOT + more, encoding="utf-8")
    return load_bot(folder / "bot.yaml")


def test_a_bot_wants_no_model_unless_it_says_so(tmp_path: Path) -> None:
    assert bot(tmp_path, "").language_model is None
    assert bot(tmp_path, "language_model: {enabled: false, persona: Me.}\n").language_model is None


def test_what_stands_in_the_file(tmp_path: Path) -> None:
    more = """\
skills: {look: {url: "http://x.example/"}}
language_model:
  persona: You are {{name|nobody}}.
  when: questions
  tools: [look]
  actions: {hang_up: bye}
  withhold: ["*age"]
  private: [hello]
  ask_again: false
  filler: Well.
"""
    assert bot(tmp_path, more).language_model == ModelUse(
        persona="You are {{name|nobody}}.",
        questions=True,
        tools=("look",),
        actions={"hang_up": "bye"},
        withhold=("*age",),
        private=frozenset({"hello"}),
        ask_again=False,
        filler=("Well.",),
    )


def test_what_is_usual(tmp_path: Path) -> None:
    use = bot(tmp_path, "language_model: {}\n").language_model
    assert use == ModelUse(filler=model_texts("en")["filler"])


def test_fillers_are_rendered_ahead_of_time(tmp_path: Path) -> None:
    assert "Well now." in fixed_prompts(bot(tmp_path, "language_model: {filler: Well now.}\n"))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("language_model: {model: x}", "'model' is not known here"),
        ("language_model: {when: always}", "'always' is not known here"),
        ("language_model: {actions: {dial: bye}}", "'dial' is not known here"),
        ("language_model: {actions: {hang_up: by}}", "there is no node 'by', did you mean 'bye'?"),
        ("language_model: {private: [nowhere]}", "there is no node 'nowhere'; the nodes are: bye, hello"),
        ("language_model: {tools: [look]}", "there is no skill 'look'; the skills are: none"),
        ("mcp: [{command: x}]", "'name' is missing"),
        ("mcp: [{name: x}]", "expected 'command'"),
        ('mcp: [{name: x, command: y, url: "http://z"}]', "expected 'command'"),
        ("mcp: [{name: a b, command: y}]", "expected letters"),
        ("mcp: [{name: x, url: ftp://y}]", "expected http"),
        ('mcp: [{name: x, url: "http://y", args: [z]}]', "belongs to a server with 'command'"),
        ("mcp: [{name: x, command: y, headers: {a: b}}]", "belongs to a server with 'url'"),
        ("mcp: [{name: x, command: y}, {name: x, command: z}]", "there is a server 'x' already"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, more: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(problem)) as caught:
        bot(tmp_path, more + "\n")
    assert f"bot.yaml:{BOT.count(chr(10)) + 1}:" in caught.value.message


def test_servers(tmp_path: Path) -> None:
    more = """\
mcp:
  - name: shop
    command: shop-server
    args: [--fast, "7"]
    env: {KEY: "{{env.SHOP_KEY}}"}
    allowed_tools: [look-up]
    timeout_s: 3
  - {name: web, url: "https://x.example/mcp", headers: {Authorization: "Bearer {{env.WEB}}"}}
"""
    known = bot(tmp_path, more)
    assert known.mcp == (
        McpServer(
            name="shop",
            command="shop-server",
            args=("--fast", "7"),
            env={"KEY": "{{env.SHOP_KEY}}"},
            allowed_tools=("look-up",),
            timeout_s=3.0,
        ),
        McpServer(name="web", url="https://x.example/mcp", headers={"Authorization": "Bearer {{env.WEB}}"}),
    )
    assert "SHOP_KEY" not in repr(known.mcp)
    assert "Bearer" not in repr(known.mcp)
    assert list(known.skills) == ["shop_look-up"]


def test_a_node_may_use_a_tool_that_is_allowed(tmp_path: Path) -> None:
    server = "mcp: [{name: shop, command: x, allowed_tools: [look]}]\n"
    text = BOT.replace("  hello: {say: Hello.}", "  hello: {skill: {call: shop_look, with: {a: b}}, goto: bye}")
    (tmp_path / "bot.yaml").write_text(text + server, encoding="utf-8")
    assert load_bot(tmp_path / "bot.yaml").nodes["hello"].skill is not None
    (tmp_path / "bot.yaml").write_text(text + server.replace("[look]", "[other]"), encoding="utf-8")
    with pytest.raises(ConfigError, match="there is no skill 'shop_look'"):
        load_bot(tmp_path / "bot.yaml")


def test_both_languages_have_all_texts() -> None:
    english, chinese = model_texts("en"), model_texts("zh")
    assert english.keys() == chinese.keys() >= set(ACTIONS)
    for name in english:
        assert set(re.findall(r"\{\w+\}", english[name][0])) == set(re.findall(r"\{\w+\}", chinese[name][0]))
    halves = "[\u4e00-\u9fff][,:;!?]|[,:;!?][\u4e00-\u9fff]"
    assert not [text for texts in chinese.values() for text in texts if re.search(halves, text)]


def test_clients_are_imported_only_when_they_are_used() -> None:
    code = (
        "import sys; import voicebot.runtime.bots, voicebot.cli.chat, voicebot.skills.mcp, voicebot.llm.client; "
        "print([name for name in ('openai', 'mcp', 'mcp_types', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
