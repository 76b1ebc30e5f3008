"""Utterances made comparable, with a way back to their own characters.

Full-width forms become half-width, traditional characters that stand in numbers and times become simplified, capitals
small; one character always becomes one. Blanks between Han characters are dropped: some recognisers write them.
"""

from __future__ import annotations

import re
import unicodedata

_SIMPLIFIED = dict(
    zip(
        "幾萬億兩點後週號時個塊鐘禮拜錢間過負開還對沒電話這來從現問題歐鎊幣減為",
        "几万亿两点后周号时个块钟礼拜钱间过负开还对没电话这来从现问题欧镑币减为",
        strict=True,
    )
) | {"’": "'", "‘": "'", "〇": "零", "○": "零", "–": "-", "—": "-", "−": "-", "\u3000": " ", "臺": "台", "會": "会"}
_SIMPLIFIED |= dict(
    zip(
        "歲張條輛嗎號員單險樓層證裡陽曆錯確認當請應該準謝夠給讓麼樣",
        "岁张条辆吗号员单险楼层证里阳历错确认当请应该准谢够给让么样",
        strict=True,
    )
)
_SIMPLIFIED |= dict(zip("頭節無並話關係氣聽兒們誰將約訂", "头节无并话关系气听儿们谁将约订", strict=True))
_DROPPED_BLANK = re.compile(r"(?<=[一-鿿]) +| +(?=[一-鿿])")


class _Folding(dict[int, str]):
    """Folds a character when it is met for the first time; there are only so many."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = unicodedata.normalize("NFKC", character).lower()
        if len(folded) != 1:
            folded = character
        folded = _SIMPLIFIED.get(folded, folded)
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return the text folded, character by character."""
    return text.translate(_FOLDING)


def squeeze(folded: str) -> tuple[str, list[int]]:
    """Return a text without the blanks next to Han characters, and the place each of its characters had."""
    if " " not in folded:
        return folded, list(range(len(folded)))
    kept: list[str] = []
    places: list[int] = []
    after = 0
    for match in _DROPPED_BLANK.finditer(folded):
        kept.append(folded[after : match.start()])
        places.extend(range(after, match.start()))
        after = match.end()
    kept.append(folded[after:])
    places.extend(range(after, len(folded)))
    return "".join(kept), places
