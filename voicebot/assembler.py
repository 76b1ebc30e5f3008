"""Sentences out of a stream of text pieces: a brain may send whole sentences or single tokens."""

from __future__ import annotations

import re

# The end of a sentence; a full stop counts only after a plain word of two letters or more, and where no
# word goes on behind it ("3.5", "e.g.", "a.b@example.com", "10.").
_SENTENCE_END = re.compile(
    r"[\u3002\uff01\uff1f!?\uff1b;…\n]+[”’」』\")]*|(?:(?<=^)|(?<=[\s\"'(“‘]))[^\W\d](?:[^\W\d]|['’-])+\.(?=\s|$)[”’\")]*"
)
_CLAUSE_END = re.compile(r"[,\uff0c\u3001:\uff1a](?=\D|$)")
_FIRST_CLAUSE_CHARACTERS = 6
_LATER_CLAUSE_CHARACTERS = 40


class SentenceAssembler:
    """Collects pieces until they make something that can be spoken.

    The first clause may be short, so that the caller hears something soon; later ones are whole
    sentences unless they grow long.
    """

    def __init__(self) -> None:
        self._text = ""
        self._said_something = False

    def feed(self, piece: str) -> list[str]:
        """Add a piece; return the sentences that are complete now."""
        self._text += piece
        sentences: list[str] = []
        while (end := self._find_end()) is not None:
            sentence, self._text = self._text[:end].strip(), self._text[end:]
            if sentence:
                sentences.append(sentence)
                self._said_something = True
        return sentences

    def flush(self) -> list[str]:
        """Return what is left as a last sentence."""
        rest, self._text = self._text.strip(), ""
        return [rest] if rest else []

    def _find_end(self) -> int | None:
        match = _SENTENCE_END.search(self._text)
        if match is not None:
            return match.end()
        shortest = _LATER_CLAUSE_CHARACTERS if self._said_something else _FIRST_CLAUSE_CHARACTERS
        clause = next((item for item in _CLAUSE_END.finditer(self._text) if item.end() > shortest), None)
        # A comma at the very end waits for what follows: "1," may become "1,000".
        return clause.end() if clause is not None and clause.end() < len(self._text) else None
