"""A passage: a piece of a document that may answer a question."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document, as it was found for a question.

    Attributes:
        id: of the piece, the same from one start of the service to the next.
        document: name of the document's file.
        title: heading that the piece stands under, or the document's; "" for none.
        text: the piece.
        score: 0..1, how well it fits the question.
    """

    id: str
    document: str
    title: str
    text: str
    score: float
