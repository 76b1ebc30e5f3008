"""A bot whose nodes and whose language model use the tools of a real MCP server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.dialogue.modelled import modelled
from tests.llm.endpoint import Script, text_answer, tool_answer

SERVER = Path(__file__).with_name("mcpserver.py")

BOT = f"""\
language: en
start: hello
silence: {{prompts: ["Hello?"], goto: bye}}
fallback: {{texts: ["Sorry?"], goto: bye}}
mcp:
  - name: shop
    command: {sys.executable}
    args: ["{SERVER}"]
    allowed_tools: [price, parts]
language_model: {{tools: ["*"], ask_again: false}}
nodes:
  hello:
    say: How many pens?
    transitions: [{{regex: "(?P<count>[0-9]+)", goto: ask}}]
  ask:
    say: One moment.
    skill: {{call: shop_price, with: {{item: pen, count: "{{{{count}}}}"}}, save: price, timeout_s: 9}}
    goto: told
  told: {{say: "That is {{{{price}}}} yuan.", goto: hello}}
  bye: {{say: Bye., instructions: {{hangup: true}}}}
"""


async def test_nodes_and_the_model_use_the_same_tools(tmp_path: Path) -> None:
    def script(number: int) -> Script:
        return text_answer("Five yuan.") if number else tool_answer(("shop_price", {"item": "pen", "count": 2}))

    async with modelled(tmp_path, script, BOT, tool_timeout_ms=10000) as bot:
        await bot.engine.start()
        await bot.say("")
        assert await bot.say("3 please") == "One moment. That is 7.5 yuan. How many pens?"
        assert await bot.say("What on earth would a pair of them come to?") == "Five yuan."
        names = [tool["function"]["name"] for tool in bot.served.requests[0]["tools"]]
        assert sorted(names) == ["secret_tool", "shop_parts", "shop_price", "status"]
        assert json.loads(bot.messages()[-1]["content"]) == 5.0
