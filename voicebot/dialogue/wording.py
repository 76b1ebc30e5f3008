"""Wordings made comparable: what callers put around the words that matter, and whether they say no."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from opencc import OpenCC

_NOT_WORD = re.compile(r"[^\w一-鿿']+")
_SPACED_HAN = re.compile(r"(?<=[一-鿿]) +(?=[一-鿿])")
_ZH_LEADING = ("那个", "这个", "就是", "然后", "呃", "额", "嗯", "哦", "噢", "啊", "唉", "诶", "欸", "那", "请")
_ZH_TRAILING = re.compile(r"[啊呀吧呢哈嘛哦啦喽哇呗]+$")
_ZH_AROUND = re.compile(
    r"那个那个|那个(?=我|你|就)|就是说|怎么说呢|是这样的|我?(?:就是)?想(?:要)?(?:请)?(?:问|咨询|了解|打听)(?:一?下|下子|问)?"
    r"|我?(?:请)?问一?下|请问|麻烦(?:问|您|你)?(?:一?下)?|不好意思|我跟你说|你好|您好|喂(?=.)"
)
_EN_AROUND = re.compile(
    r"\b(?:i was (?:just )?wondering (?:if|whether)?|i(?: would|'d) (?:just )?like to know(?: if| whether)?"
    r"|(?:can|could|would) you (?:please )?tell me(?: if| whether)?"
    r"|i (?:just )?(?:want|wanted|need) to (?:know|ask)(?: you)?(?: about| if| whether)?"
    r"|do you (?:happen to )?know(?: if| whether)?|i have a question(?: about)?|you know|excuse me)\b"
)
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
_ZH_OR_NOT = re.compile(r"(..?)[不没]\1[啊呀呢]?$")
_ZH_ASKS = re.compile(
    r"[吗么呢]$|怎么|怎样|多少|几[点个次年岁天号块]|哪|什么|啥|多久|多长|多大|谁|(.)[不没]\1"
    r"|能不能|可不可以|有没有|行不|好不好|贵不"
)
_EN_ASKS = re.compile(
    r"^(?:and |but |so |well |ok |okay |yes |no |hi |hello )*(?:what|where|when|why|who|which|how|is|are|am|do|does|did"
    r"|can|could|will|would|should|may|has|have)\b"
    r"|\b(?:what|where|when|how)(?:'s| is| are| do| does| much| many| long)\b"
)
_EN_NO = re.compile(r"\b(?:no|not|never|don't|dont|doesn't|isn't|can't|cannot|won't|didn't|haven't|nope)\b")


def normalise(text: str) -> str:
    """Return a text in lower case without punctuation, in simplified characters.

    Blanks stay between words, not between Han characters.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    if not text.isascii():
        text = "".join(map(_simplified, text))
    text = _NOT_WORD.sub(" ", text).strip()
    return _SPACED_HAN.sub("", text)


@lru_cache(maxsize=8192)
def _simplified(character: str) -> str:
    return str(_converter().convert(character)) if "一" <= character <= "鿿" else character


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


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


def essence(normalised: str, language: str) -> str:
    """Return a normalised text without what callers put around a question: "那个我想问一下你们停车方便吗"."""
    bare = (_ZH_AROUND if language == "zh" else _EN_AROUND).sub(" ", normalised).strip()
    bare = " ".join(bare.split())
    if language == "zh":
        bare = _ZH_OR_NOT.sub(r"\1吗", _SPACED_HAN.sub("", bare))  # 方便不方便 and 方便吗 lie apart
    return bare if length(bare, language) > 1 else normalised


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


def asks(text: str, language: str) -> bool:
    """Tell whether a normalised text is a question by its words."""
    return bool((_ZH_ASKS if language == "zh" else _EN_ASKS).search(text))


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
