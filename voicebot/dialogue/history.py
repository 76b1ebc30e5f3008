"""What was said in a conversation so far, as far as the caller heard it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

MAX_TURNS = 50
_MAX_CHARACTERS = 4000


@dataclass(slots=True)
class Turn:
    """One turn: what the caller said and what the bot answered.

    Attributes:
        caller: the caller's words; "" if there were none.
        silent: the caller said nothing for a while.
        private: the caller was asked for something that is nobody else's business.
        bot: the answer as far as it was handed out; cut to what was heard once that is known.
        cut_short: the caller talked over the answer.
    """

    caller: str
    silent: bool = False
    private: bool = False
    bot: str = ""
    cut_short: bool = False


@dataclass(slots=True)
class History:
    """The turns of a conversation; the oldest are forgotten."""

    _turns: deque[Turn] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))
    _last_heard: str | None = None

    def __len__(self) -> int:
        return len(self._turns)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self._turns)

    def copy(self) -> History:
        """Return another one with the same turns."""
        return History(deque((replace(turn) for turn in self._turns), maxlen=MAX_TURNS), self._last_heard)

    @property
    def last(self) -> Turn | None:
        """The current turn."""
        return self._turns[-1] if self._turns else None

    def begin(self, caller: str, *, silent: bool = False, private: bool = False) -> Turn:
        """Begin a turn."""
        turn = Turn(caller[:_MAX_CHARACTERS], silent, private)
        self._turns.append(turn)
        return turn

    def said(self, text: str) -> None:
        """A sentence of the current turn's answer was handed out."""
        if self._turns:
            turn = self._turns[-1]
            turn.bot = (turn.bot + text)[:_MAX_CHARACTERS]

    def heard(self, text: str) -> None:
        """Cut the last answer to what the caller heard of it. To be told before the next turn begins.

        What is not the beginning of that answer is believed as it stands, but only once: some clients send all their
        variables with every turn, and an old one is no news.
        """
        told_before, self._last_heard = self._last_heard == text, text
        turn = self.last
        if turn is None or turn.cut_short:
            return
        end = _end_of_beginning(turn.bot, text)
        if end is not None:
            turn.bot, turn.cut_short = turn.bot[:end], True
        elif not told_before:
            turn.bot, turn.cut_short = text[:_MAX_CHARACTERS], True


def _end_of_beginning(text: str, beginning: str) -> int | None:
    """Return where a text's beginning ends; None if it begins otherwise. Blanks do not count."""
    wanted = [character for character in beginning if not character.isspace()]
    place = 0
    for character in wanted:
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text) or text[place] != character:
            return None
        place += 1
    return place
