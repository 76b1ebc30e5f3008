"""Wordings made comparable: what callers put around the words that matter, and whether they say no."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_WORD = re.compile(r"[^\w一-鿿']+")
_SPACED_HAN = re.compile(r"(?<=[一-鿿]) +(?=[一-鿿])")
_ZH_LEADING = ("那个", "这个", "就是", "然后", "呃", "额", "嗯", "哦", "噢", "啊", "唉", "诶", "欸", "那", "请")
_ZH_TRAILING = re.compile(r"[啊呀吧呢哈嘛哦啦喽哇呗]+$")
_EN_LEADING = ("uh", "um", "er", "erm", "well", "so", "oh", "and", "hi", "hello", "hey", "please", "ah", "like")
_EN_TRAILING = ("please", "thanks", "thank you", "then", "sir", "madam")
_POLITE = frozenset(
    (
        *"啊呀吧呢哈嘛哦的呃哎那",
        *("谢谢", "谢谢你", "谢谢您", "麻烦了", "麻烦你", "麻烦您", "辛苦了"),
        *("please", "thanks", "thankyou", "sir", "madam", "uh", "um", "well", "oh", "then", "so"),
    )
)
_ZH_NO = re.compile(r"[不没别甭]|未曾|并非")
# A question form or a set phrase with one of these characters does not deny anything.
_ZH_NOT_NO = re.compile(
    r"(.)[不没]\1|不好意思|没问题|没关系|差不多|不错|对不起|不过|不客气|没错|特别|别人|分别|是不是|有没有|不知道"
)
_EN_NO = re.compile(r"\b(?:no|not|never|don't|dont|doesn't|isn't|can't|cannot|won't|didn't|haven't|nope)\b")


def normalise(text: str) -> str:
    """Return a text in lower case without punctuation; blanks stay between words, not between Han characters."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = _NOT_WORD.sub(" ", text).strip()
    return _SPACED_HAN.sub("", text)


def core(normalised: str, language: str) -> str:
    """Return a normalised text without fillers at its start and particles at its end; never empty for a word."""
    return _core_zh(normalised) if language == "zh" else _core_en(normalised)


def _core_zh(text: str) -> str:
    while True:
        filler = next((word for word in _ZH_LEADING if text.startswith(word) and len(text) > len(word)), None)
        if filler is None:
            break
        text = text[len(filler) :].lstrip()
    return _ZH_TRAILING.sub("", text).rstrip() or text


def _core_en(text: str) -> str:
    while True:
        filler = next((word for word in _EN_LEADING if text.startswith(word + " ")), None)
        if filler is None:
            break
        text = text[len(filler) + 1 :]
    for word in _EN_TRAILING:
        if text.endswith(" " + word):
            text = text[: -len(word) - 1]
    return text


def length(text: str, language: str) -> int:
    """Return how much a text says: characters in Mandarin (a Latin word counts one), words in English."""
    if language != "zh":
        return len(text.split())
    return len(re.findall(r"[一-鿿]|[^\s一-鿿]+", text))


def denies(text: str, language: str) -> bool:
    """Tell whether a text says no to something; "是不是" and "没问题" do not."""
    if language != "zh":
        return bool(_EN_NO.search(text))
    return bool(_ZH_NO.search(_ZH_NOT_NO.sub("", text)))


def consists_of(text: str, words: frozenset[str]) -> bool:
    """Tell whether a text is made of some words alone, politeness aside: "对对是的谢谢" of "对" and "是的"."""
    compact = text.replace(" ", "")
    return _made_of(compact, *_polite(words)) and not _made_of(compact, *_polite(frozenset()))


@lru_cache(maxsize=256)  # the words of a bot, over and over
def _polite(words: frozenset[str]) -> tuple[frozenset[str], int]:
    """Return words and politeness, and the length of the longest."""
    together = words | _POLITE
    return together, max(map(len, together))


def _made_of(text: str, words: frozenset[str], longest: int) -> bool:
    reachable = [True] + [False] * len(text)
    for start in range(len(text)):
        if reachable[start]:
            for end in range(start + 1, min(start + longest, len(text)) + 1):
                reachable[end] = reachable[end] or text[start:end] in words
    return reachable[-1]
