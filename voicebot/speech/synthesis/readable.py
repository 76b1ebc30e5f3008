"""The end of normalising: no sign is left that a voice cannot read, and no punctuation that has no words before it."""

from __future__ import annotations

import re
import unicodedata

_PUNCTUATION = frozenset(",.!?;:'\"()-—…，。！？；：、“”‘’（）")
# Signs that part what stands around them: a comma's worth of a pause, where there is something on both sides.
_PARTING = frozenset("|｜/\\【】〔〕[]{}<>→←⇒➡·•")
_PARTED = "\x1f"
# Signs of which a space is left, to hold words apart. Others go without a trace.
_JOINING = frozenset("_^`~@#$%&*+=《》〈〉「」『』")
_VULGAR = {
    character: f"{parts[0]}/{parts[2]}"
    for character in map(chr, [*range(0xBC, 0xBF), *range(0x2150, 0x215F)])
    if len(parts := unicodedata.normalize("NFKC", character).partition("\u2044")) == 3 and parts[2]
}
_KEPT_SIGNS = frozenset("²³℃℉°㎡…")


def plain_numbers(text: str, and_: str, item: str) -> str:
    """Write numbers that have a character of their own in digits: ½, Ⅳ, ①, and units such as ㎏ in letters.

    Args:
        text: the text.
        and_: what stands between a whole number and a fraction.
        item: what follows the number of an item ("①").
    """
    if text.isascii():
        return text
    return "".join(_plain(text, index, and_, item) for index in range(len(text)))


def _plain(text: str, index: int, and_: str, item: str) -> str:
    character = text[index]
    if character in _VULGAR:
        return (and_ if text[index - 1 : index].isdigit() else "") + _VULGAR[character]
    if character in _KEPT_SIGNS or character.isascii():
        return character
    if "\u2460" <= character <= "\u249b" or "\u2776" <= character <= "\u2793":  # ① ⑴ ⒈ ❶
        return f"{int(unicodedata.numeric(character))}{item}"
    if unicodedata.digit(character, None) is not None:  # of any script, and ¹ ₂
        return str(unicodedata.digit(character))
    if "\u2160" <= character <= "\u217f":  # Ⅳ
        return str(int(unicodedata.numeric(character)))
    if "\u3300" <= character <= "\u33ff" or character in "№℡":
        return unicodedata.normalize("NFKC", character)
    return character


def readable(text: str, language: str) -> str:
    """Drop or replace what the voices of a language cannot read, and put the punctuation in order."""
    kept = "".join(_readable(character, language) for character in text)
    for pattern, replacement in _ORDER[language]:
        kept = pattern.sub(replacement, kept)
    return kept.strip()


def _readable(character: str, language: str) -> str:
    if character.isspace() or character in _PUNCTUATION:
        return character
    if character in _PARTING:
        return _PARTED
    if character in _JOINING:
        return " "
    if "\u3400" <= character <= "\u9fff":
        return character if language == "zh" else " "
    if character.isascii():
        return character if character.isalnum() else " "
    folded = unicodedata.normalize("NFKD", character)
    if language == "zh":
        # The Mandarin voices know no letters with accents, and no other script.
        return "".join(letter for letter in folded if letter.isascii() and letter.isalpha())
    return character if character.isalpha() else "".join(c for c in folded if c.isascii() and c.isalpha())


_ORDER: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "zh": tuple(
        (re.compile(pattern), replacement)
        for pattern, replacement in (
            (rf"^[{_PARTED}\s]+|[{_PARTED}\s]+$|[{_PARTED}\s]+(?=[，。！？；：、…])", ""),
            (rf"\s*{_PARTED}[{_PARTED}\s]*", "，"),
            (r"[-−](?![A-Za-z])|(?<![A-Za-z])-", " "),
            (r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])", ""),
            (r"\s*([，。！？；：、…])\s*", r"\1"),
            (r"\(\s*\)|（\s*）", ""),
            (r"[！!]*[？?][！!？?]*", "？"),
            (r"[！!]+", "！"),
            (r"。{3,}|\.{3,}|…+", "…"),
            (r"[，、；：,]*([。！？…])[，。、；：,…]*", r"\1"),
            (r"[，、；：,]*([；：])[，、；：,]*", r"\1"),
            (r":[，、,]+", "："),
            (r"[，、,]{2,}", "，"),
            (r"^[\s，。！？；：、…,.!?;:—-]+|、+$", ""),
            (r"\s+", " "),
        )
    ),
    "en": tuple(
        (re.compile(pattern), replacement)
        for pattern, replacement in (
            (rf"^[{_PARTED}\s]+|[{_PARTED}\s]+$|[{_PARTED}\s]+(?=[,.!?;:…])", ""),
            (rf"\s*{_PARTED}[{_PARTED}\s]*", ", "),
            (r"[，、]", ", "),
            (r"。", ". "),
            (r"！", "! "),
            (r"？", "? "),
            (r"；", "; "),
            (r"：", ": "),
            (r"（", " ("),
            (r"）", ") "),
            (r"\(\s*\)", ""),
            (r"\s+([,.;:!?])", r"\1"),
            (r"!*\?[!?]*", "?"),
            (r"!+", "!"),
            (r"\.{2,}|…+", "…"),
            (r"[,;:]+([.!?…])", r"\1"),
            (r"([.!?…])\s*[,;:]+", r"\1"),
            (r"([,;:])(?:\s*[,;:])+", r"\1"),
            (r"^[\s,.!?;:…—-]+(?=\D)", ""),
            (r"\s+", " "),
        )
    ),
}
