"""A bot with a language model behind a local endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.dialogue.shared import Caller, encoder
from tests.llm.endpoint import Endpoint, Script, endpoint
from voicebot.dialogue import Engine, load_bot
from voicebot.dialogue.modeldesk import ModelDesk
from voicebot.llm.client import OpenAIModel
from voicebot.llm.load import ModelLoad
from voicebot.runtime.modeldesks import model_load
from voicebot.skills.runner import BotSkills

SKILLS = '''\
def status(order: str) -> dict[str, str]:
    """Look up an order."""
    if order == "13":
        raise LookupError(order)
    return {"order": order, "status": "sent", "card": "6222 1234"}


def secret_tool() -> str:
    """Not for the model."""
    return "no"
'''

BOT = """\
language: en
start: hello
variables: {shop: The Shop}
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?", "Pardon?"], goto: person}
language_model:
  persona: You are the voice of {{shop}}. The card is {{card_no|unknown}}.
  tools: [status]
  actions: {transfer_to_human: person, hang_up: bye}
  withhold: ["*opinion*"]
  private: [ask_card]
  filler: ["One moment.", "Still thinking."]
globals:
  human: {goto: person}
nodes:
  hello:
    say: This is the shop, {{name|dear caller}}. Shall we start?
    transitions: [{intent: yes, goto: ask_card}]
  ask_card:
    say: Your card number?
    transitions: [{regex: "(?P<card_no>[0-9]{4,})", goto: free}]
  free:
    say: Thank you. What can I do for you?
    again: Anything else?
  person: {say: I put you through., instructions: {transfer: {value: "1"}}}
  bye: {say: Bye., instructions: {hangup: true}}
faq:
  - {question: "When are you open on Saturday?", answer: "On Saturday from nine to one."}
"""


class Modelled:
    """The bot, one conversation with it, and its endpoint."""

    def __init__(self, engine: Engine, served: Endpoint, load: ModelLoad) -> None:
        self.engine = engine
        self.served = served
        self.load = load
        self.caller = Caller(engine)

    async def say(self, text: str, **variables: str) -> str:
        return await self.caller.say(text, **variables)

    @property
    def session(self) -> Any:
        return self.engine.sessions.open(self.caller.session_id)

    @property
    def sources(self) -> list[str]:
        """Where the sentences of the last answer came from."""
        replies = [chunk.reply for chunk in self.caller.chunks if chunk.reply is not None and chunk.reply.text]
        return [reply.reply_source.value for reply in replies]

    def messages(self, number: int = -1) -> list[dict[str, Any]]:
        """Return the messages of a request."""
        messages: list[dict[str, Any]] = self.served.requests[number]["messages"]
        return messages


@asynccontextmanager
async def modelled(
    folder: Path, script: Callable[[int], Script] | Script, bot_text: str = BOT, **changes: Any
) -> AsyncIterator[Modelled]:
    """Run the bot against a script of the endpoint."""
    (folder / "skills").mkdir(exist_ok=True)
    (folder / "skills" / "shop.py").write_text(SKILLS, encoding="utf-8")
    (folder / "bot.yaml").write_text(bot_text, encoding="utf-8")
    bot = load_bot(folder / "bot.yaml")
    assert bot.language_model is not None
    async with endpoint(script) as served:
        settings = served.settings(**{"filler_after_ms": 0, **changes})
        skills = BotSkills(bot.skills, folder / "home", servers=bot.mcp)
        load, model = model_load(settings), OpenAIModel(settings)
        desk = ModelDesk(bot, bot.language_model, model, settings, skills, lambda: skills.specs, load)
        engine = Engine(bot, encoder(), skills=skills, model=desk)
        try:
            yield Modelled(engine, served, load)
        finally:
            await engine.close()
