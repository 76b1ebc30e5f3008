"""What the caller said or typed while the bot could not be interrupted, kept until it can be answered."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.conversation.speaking import Turn


class TalkOver:
    """Keeps words and keys.

    Args:
        joint: what stands between the words of two utterances.
    """

    def __init__(self, joint: str) -> None:
        self._joint = joint
        self._texts: list[str] = []
        self._variables: dict[str, str] = {}
        self._to_the_end = False

    def keep(self, text: str, variables: Mapping[str, str] | None = None, *, to_the_end: bool = False) -> None:
        """Keep a text and what goes with it.

        Args:
            text: what was said or typed.
            variables: more for its query.
            to_the_end: it waits for the end of the whole answer, even if a part of that may be interrupted.
        """
        self._texts.append(text)
        self._variables.update(variables or {})
        self._to_the_end |= to_the_end

    def is_due(self, turn: Turn) -> bool:
        """Tell whether there is something, and the bot may be interrupted now. An answer must have come to its end."""
        if not self._texts or not turn.complete:
            return False
        return turn.playing is None or (turn.interruptible and not self._to_the_end)

    def take(self, text: str, variables: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Put what was kept before a text, and keep nothing any longer."""
        texts = [*self._texts, text] if text else self._texts
        taken = self._joint.join(texts), {**self._variables, **variables}
        self.forget()
        return taken

    def forget(self) -> None:
        """Keep nothing any longer."""
        self._texts, self._variables, self._to_the_end = [], {}, False
