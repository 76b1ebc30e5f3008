"""Split a text into clauses, so that the first of them can be heard while the others are still rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from voicebot.speech.synthesis.speakable import speakable

FIRST_CLAUSE_WEIGHT = 2.0
"""A first clause of this many syllables (roughly) is long enough: "您好," may go out alone."""
LATER_CLAUSE_WEIGHT = 9.0
"""Later clauses join at commas until they have this many: longer clauses have the better melody."""
LONGEST_CLAUSE_WEIGHT = 60.0
"""Beyond this a clause is cut between words: Kokoro takes 510 phonemes, about 100 syllables."""
LONG_FIRST_CLAUSE_WEIGHT = 16.0
LONG_CLAUSE_WEIGHT = 30.0
"""Beyond these a clause without punctuation is cut before a word that begins a new thought, if it has one."""
_SHORTEST_PART_WEIGHT = 5.0

_CLOSERS = r"[”’」』】）》\"')\]]*"
_ABBREVIATIONS = "Mr|Mrs|Ms|Dr|Prof|St|Ave|Rd|No|Nr|vs|etc|Inc|Ltd|Co|Corp|Jr|Sr|Fig|ext|approx|dept|tel|min|max"
# What may contain punctuation and is still one thing.
_WHOLE = re.compile(
    r"(?:https?://|www\.)[^\s\u3000-\u9fff\uff00-\uffef]*[\w/]"  # address of a page
    r"|[\w.+-]+@[\w-]+(?:\.[A-Za-z0-9-]+)+"  # mail address
    r"|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b(?=[^.\w]|\.?\s|\.?$)"  # example.com
    r"|\d+(?:[.,:：/-]\d+)+"  # 3.5, 1,000, 10:30, 2026-11-21
    rf"|\b(?:{_ABBREVIATIONS})\.(?=\s)"
    r"|\b(?:[A-Za-z]\.){2,}"  # e.g., U.S., p.m.
    r"|\b[A-Z]\.(?=\s[A-Z])",  # J. Smith
    re.IGNORECASE | re.ASCII,
)
_STRONG = re.compile(rf"(?:[。！？!?；;…]+|\.+(?=[\s\u3400-\u9fff”’\"')\]]|$)){_CLOSERS}\s*")
_WEAK = re.compile(rf"(?:[，、,：:]+|[—–]+(?=\D)){_CLOSERS}\s*")
# People draw breath before these.
_BREATHS = re.compile(
    r"(?:但是?|不过|所以|因为|因此|如果|要是|然后|而且|并且|或者|以及|还有|同时|另外|其中|那么|虽然|由于|为了|只要|除了|请您|我们|您可以|您也)"
    r"|(?<=\s)(?:and|but|because|so|which|if|when|while|then|or|where|unless|before|after|since|please|that)\s",
    re.IGNORECASE,
)
_SYLLABLE_PER_LETTER = 0.35


def clauses(text: str) -> list[str]:
    """Split a text for incremental synthesis.

    The first clause is as short as it can be, the later ones are sentences or longer parts of them.
    Markdown, emoji and control characters are taken out first; punctuation stays, and white space
    stays at the end of the clause before it: the clauses joined are exactly ``speakable(text)``.
    """
    found: list[str] = []
    held = ""
    for piece, strong in _pieces(speakable(text)):
        held += piece
        enough = LATER_CLAUSE_WEIGHT if found else FIRST_CLAUSE_WEIGHT
        weight = syllables(held)
        if weight >= enough or (strong and weight >= FIRST_CLAUSE_WEIGHT):
            found += _cut(held, first=not found)
            held = ""
    if held:
        # What is left is too short to stand alone ("Ok."): it goes with the clause before it.
        if found and syllables(held) < FIRST_CLAUSE_WEIGHT:
            held = found.pop() + held
        found += _cut(held, first=not found)
    return found


def sentences(text: str) -> list[str]:
    """Split a text into sentences, without white space around them."""
    found: list[str] = []
    held = ""
    for piece, strong in _pieces(speakable(text)):
        held += piece
        if strong:
            found.append(held.strip())
            held = ""
    return [*found, held.strip()] if held.strip() else found


def syllables(text: str) -> float:
    """Estimate how many syllables a text has: one per ideograph and digit, a third per Latin letter."""
    return sum(map(_weight, text))


def _weight(character: str) -> float:
    if "\u3400" <= character <= "\u9fff" or character.isdigit():
        return 1.0
    return _SYLLABLE_PER_LETTER if character.isalpha() else 0.0


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts between punctuation, each with its own, and whether a sentence ends there."""
    start = position = 0
    while position < len(text):
        whole = _WHOLE.match(text, position) if not position or not _is_word(text[position - 1]) else None
        if whole:
            position = whole.end()
            continue
        strong = _STRONG.match(text, position)
        end = strong or _WEAK.match(text, position)
        if end:
            yield text[start : end.end()], strong is not None
            start = position = end.end()
        else:
            position += 1
    if start < len(text):
        yield text[start:], False


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _cut(clause: str, *, first: bool) -> list[str]:
    """Cut a long clause before words that begin a new thought, and an overlong one anywhere between words."""
    if syllables(clause) <= (LONG_FIRST_CLAUSE_WEIGHT if first else LONG_CLAUSE_WEIGHT):
        return [clause]
    ends = [*_breaths(clause, first=first), len(clause)]
    parts = [clause[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return [piece for part in parts for piece in _cut_anywhere(part)]


def _breaths(clause: str, *, first: bool) -> list[int]:
    """Return where to cut a long clause: a first one as soon as there is a place, others as late as they may last."""
    weights = list(accumulate(map(_weight, clause), initial=0.0))
    cuts: list[int] = []
    start = held = 0
    for at in (match.start() for match in _BREATHS.finditer(clause)):
        weight = weights[at] - weights[start]
        if min(weight, weights[-1] - weights[at]) < _SHORTEST_PART_WEIGHT:
            continue
        if first and not cuts:
            cuts.append(at)
            start = at
        elif weight > LONG_CLAUSE_WEIGHT and held > start:
            cuts.append(held)
            start = held
            held = at if weights[at] - weights[start] >= _SHORTEST_PART_WEIGHT else start
        else:
            held = at
    if held > start and weights[-1] - weights[start] > LONG_CLAUSE_WEIGHT:
        cuts.append(held)
    return cuts


def _cut_anywhere(clause: str) -> list[str]:
    if syllables(clause) <= LONGEST_CLAUSE_WEIGHT:
        return [clause]
    parts = [""]
    weight = 0.0
    for word in re.findall(r"[\u3400-\u9fff]\W*|(?:(?![\u3400-\u9fff])\S)+\s*|\s+", clause):
        more = syllables(word)
        if parts[-1] and weight + more > LONGEST_CLAUSE_WEIGHT:
            parts.append("")
            weight = 0.0
        parts[-1] += word
        weight += more
    return parts
