"""What a language model is asked: who it is, what it may say, and the conversation as the caller heard it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from voicebot.dialogue.bot import Bot
from voicebot.dialogue.flow import question_of
from voicebot.dialogue.history import Turn
from voicebot.dialogue.modelfile import model_texts
from voicebot.dialogue.modeluse import ModelUse
from voicebot.dialogue.passages import Passage
from voicebot.dialogue.session import Session
from voicebot.dialogue.texts import render
from voicebot.llm.model import Message
from voicebot.protocol.query import HEARD_VARIABLE, HINT_VARIABLE, SUPERVISOR_VARIABLE, TRANSFER_VARIABLE

MAX_VARIABLES = 40
_MAX_VALUE = 200
_NOT_TOLD = (HEARD_VARIABLE, TRANSFER_VARIABLE, HINT_VARIABLE, SUPERVISOR_VARIABLE, "caller")


class PromptWriter:
    """Writes what the model is asked for one bot.

    Args:
        bot: the bot.
        use: what it wants of the model.
        history_turns: how many turns the model is told.
    """

    def __init__(self, bot: Bot, use: ModelUse, history_turns: int) -> None:
        self._bot = bot
        self._use = use
        self._history_turns = history_turns
        self._texts = model_texts(bot.language)

    def messages(
        self, session: Session, text: str, passages: Sequence[Passage] = (), faq_answer: str = ""
    ) -> tuple[Message, ...]:
        """Return the messages for the caller's last words, which are the session's current turn.

        Args:
            session: the conversation.
            text: the caller's words.
            passages: what the answer is to be found in.
            faq_answer: the bot's own answer to a question like this one; a template.
        """
        system = "\n\n".join(filter(None, self._system(session, passages, faq_answer)))
        return (Message("system", system), *self._conversation(session, text))

    def rewriting(self, session: Session, text: str) -> tuple[Message, ...]:
        """Return the messages that ask for the caller's last words as a question that stands alone."""
        said = [f"{message.role}: {message.content}" for message in self._conversation(session, "") if message.content]
        last = f"{self._text('rewrite_last')} {session.secrets.hidden(text)}"
        return (Message("system", self._text("rewrite")), Message("user", "\n".join([*said, "", last])))

    def _text(self, name: str, **values: str) -> str:
        text = self._texts[name][0]
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", value)
        return text

    def _system(self, session: Session, passages: Sequence[Passage], faq_answer: str) -> list[str]:
        """Return the parts of the system prompt; what is the same in every call comes first."""
        known = self._known(session)
        parts = [self._rendered(self._use.persona, session, known), self._text("rules")]
        if passages:
            parts += [self._text("passages"), *_numbered(passages)]
        if faq_answer:
            parts.append(f"{self._text('faq')} {self._rendered(faq_answer, session, known)}")
        if known:
            told = [f"{name}: {value[:_MAX_VALUE]}" for name, value in islice(known.items(), MAX_VARIABLES)]
            parts.append("\n".join([self._text("known"), *told]))
        hint = session.secrets.hidden(session.variables.get(HINT_VARIABLE, "").strip())
        if hint:
            parts.append(self._text("hint", hint=hint))
        node = self._bot.nodes.get(session.node)
        question = question_of(node) if node is not None and node.listen else ""
        if question:
            mark = "asks" if self._use.ask_again else "asked"
            parts.append(self._text(mark, question=self._rendered(question, session, known)))
        return parts

    def _known(self, session: Session) -> dict[str, str]:
        """Return the variables that the model may know."""
        return {
            name: session.secrets.hidden(value.strip())
            for name, value in session.variables.items()
            if value.strip() and name not in _NOT_TOLD and not session.withheld.hides(name)
        }

    def _rendered(self, template: str, session: Session, known: Mapping[str, str]) -> str:
        defaults = {name: value for name, value in self._bot.variables.items() if not session.withheld.hides(name)}
        return render(template, known, defaults)

    def _conversation(self, session: Session, text: str) -> list[Message]:
        """Return the last turns and the current words.

        Roles alternate, and the caller has the first word: some models' templates refuse anything else.
        """
        *turns, _ = session.history or (None,)
        messages: list[Message] = []
        caller: list[str] = []
        earlier = [turn for turn in turns if turn is not None]
        for turn in earlier[len(earlier) - min(self._history_turns, len(earlier)) :]:
            caller.append(self._caller(session, turn))
            if turn.bot.strip():
                messages.append(Message("user", "\n".join(caller)))
                messages.append(Message("assistant", session.secrets.hidden(turn.bot.strip())))
                caller = []
            if turn.cut_short:
                caller.append(self._text("cut"))
        caller.append(session.secrets.hidden(text))
        return [*messages, Message("user", "\n".join(caller))]

    def _caller(self, session: Session, turn: Turn) -> str:
        if turn.private:
            return self._text("private")
        if turn.caller:
            return session.secrets.hidden(turn.caller)
        return self._text("silence" if turn.silent else "connected")


def _numbered(passages: Sequence[Passage]) -> list[str]:
    return [
        f"[{number}] {passage.title + ': ' if passage.title else ''}{passage.text}"
        for number, passage in enumerate(passages, start=1)
    ]
