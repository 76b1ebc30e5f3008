"""Yes and no in Mandarin.

Each clause is read by itself; then they are weighed: 好的，不用了 is a no, 可以是可以，但是… a hesitant yes. Two
denials (不是不要, 不是不可以) are taken for a hesitant yes: ask back. Questions (是不是, 可以吗) and politeness
(不好意思) answer nothing, and neither does 不知道 or 没听清.
"""

from __future__ import annotations

import re

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.verdicts import STATEMENT, Verdict, clauses, weigh, without_corrections

_CUT = re.compile(r"[,。!?;:…、]+|(?=但是|不过|可是|只是(?!说))")
_FILLER = r"(?:(?:呃|额|啊|哦|噢|唉|诶|欸|哎|喂|那个|这个|就是说|那么?|这样|你好|您好|谢谢|麻烦|请| )*)"
_END = r"(?:[啊呀吧呢哈嘛哦啦喽呗嘞滴咯喔噢诶哎 ]|谢谢你?您?|多谢|麻烦你?您?了?|辛苦了)*"
_WHO = (
    r"(?:我|我们|咱|现在|暂时|目前|这个|那个?|真的|确实|当然|都|也|还|就|可能|恐怕|应该|肯定|其实|好像|是|先|觉得"
    r"|想)*"
)

_YES_PLAIN = (
    r"(?:是|是的|对|对的|没错|没有错|正确|好|好的|好嘞|好滴|行|行的|可以|可以的|能|能的|没问题|没有问题|要|要的|需要"
    r"|需要的|同意|确认|确定|当然|成|中"
    r"|愿意|方便|没意见|没有意见|必须的?|ok|okay|yes|yeah|嗯|是这样|就是这样|就这样"
    r"|一点没错|完全正确|接受|肯定)+"
)
_SELF = r"(?:是我本人|我是本人|我就是|就是我|是我|我是|本人)"
_YES_WEAK = (
    r"(?:嗯|嗯哼|唔|(?:有的?)+|还行|还可以|还好|会|会的|想|想的|都行|都可以|都好|随时可以|那行|那好|也行|也可以|也好"
    r"|应该可以|应该是|应该行|应该对|可能可以|可以了|没关系|不介意|不反对|差不多可以|勉强可以|算是|我觉得可以|我看行"
    r"|就是|应该没问题|问题不大|不是问题)"
)
_NO_PLAIN = (
    r"(?:不|不是|不是的|不对|不要|不要了|不用|不用了|不行|不可以|不能|不了|不需要|不需要了|没有|没|别|不方便|不太方便"
    r"|不同意|不愿意|不必|不必了|免了|不考虑|不接受|没兴趣"
    r"|不感兴趣|没时间|没空|没有时间|没有空|没有兴趣|错|错了|不去|不去了|不想|不想要|不想去|不来了|不成|不好|不太好"
    r"|不太行|不太可以|不确认|还没|还没有|没有的|没有了|没了|不会|不会的|no|nope|算了|拒绝|不订了|不买|不办|不做"
    r"|不合适|不太合适|不正确|有误|不需要的|不用的|不可能|没必要|没有必要|没呢)+"
)
_YES = re.compile(rf"^{_FILLER}(?P<words>{_WHO}{_YES_PLAIN}{_SELF}?|{_SELF}){_END}$")
_WEAK = re.compile(rf"^{_FILLER}(?P<words>{_YES_WEAK}){_END}$")
_NO = re.compile(rf"{_FILLER}嗯*(?P<words>{_WHO}{_NO_PLAIN}){_END}$")
_TWICE = re.compile(
    r"(?P<words>(?:也|又|并|倒|我)*(?:不是|不会|没有|没说|没|不能|并非)(?:我|说|是)?不(?:要|想|行|可以|能|愿意|同意"
    r"|需要|去|方便|好|来|用|办|买|接受|对|喜欢|答应)|不是没有?(?!问题)|不得不)"
)
_CONCEDED = re.compile(r"(?P<words>(?P<word>可以|行|好|对|能|要|想|方便|有)(?:倒)?是(?P=word))")
_QUESTION = re.compile(
    r"[吗么]$|(?<![不没])(?P<one>[\u4e00-\u9fff])(?<![不没])[不没](?P=one)|是否|(?:可|愿|需|同)不(?:可以|愿意|需要"
    r"|同意)|什么|怎么|哪|为啥|为何|几点|多少|多久|谁|行不$|好不$|要不然?|呢$(?<!没呢)(?<!的呢)"
)
_NO_ANSWER = re.compile(
    r"不好意思|对不起|不客气|不用谢|不用客气|不知道|不清楚|不确定|不晓得|不一定|不好说|没听[清懂见到明]"
    r"|听不[清懂见到]|没想好|没想到|不记得|不过|不但|不仅|不管|没事|说不准|不明白|没明白|等一?下|稍等|不错|差不多"
    r"|不见不散|不得了|不如|是这样的|是这么|对了"
)
_LEADING_YES = re.compile(
    r"^(?:呃|额|啊|哦|噢|那|,)*(?P<words>是的|对对+|对的|好的|好嘞|好好+|没错|行行|嗯嗯|没问题|可以可以|可以的|同意"
    r"|当然可以|ok|确认)(?=.)"
)
_LEADING_NO = re.compile(
    r"(?:呃|额|啊|哦|噢|嗯|那|我|我们|现在|暂时|目前|真的|都|也|还|就|可能|恐怕|应该|今天|明天)*"
    r"(?P<words>不用了?|不要了?|不行|不是的?|没有|不需要|不同意|不可以|不想|不考虑|不方便|不愿意?|不接受|不感兴趣"
    r"|没兴趣|没时间|没空|别(?![人的处墅])|不太方便|不打算|不去|不办|不买|不订|不做|不改|不换|不来|还没|没收到|没订"
    r"|没买|没去|没做|没用)(?=.)"
)
_TRAILING_YES = re.compile(
    r"(?P<words>可以|没问题|(?<=[都也那就点号天午晚])行|(?<=[都很还挺点号天午晚])方便|有空|有时间|ok)(?:的|啊|吧|呀"
    r"|哦|了|哈)*$"
)
_TRAILING_NO = re.compile(
    r"(?P<words>不行|不可以|不方便|不太方便|不太行|没空|没时间|没有时间|没有空|不要|来不了|去不了|不需要|不用|不合适"
    r"|不对|不同意)(?:的|啊|吧|呀|哦|了|哈)*$"
)
_CONDITION = re.compile(r"如果|要是|假如|的话|才|看看|希望|最好|想要?知道")
_DENIED = re.compile(r"(?:[不没别]|不太|不大|不怎么|不是很|不是太)$")
# What asks in other sentences and here says that all is one.
_ANY = re.compile(r"(?:什么时候|什么时间|哪天|几点|怎么|哪个|什么|谁|哪里|多少)(?:样)?(?:都|也)|没什么|没怎么|不怎么")
_CORRECTION = re.compile(r"(?:不|不对|不是|错了?)+")
_ONLY_FILLERS = re.compile(rf"嗯*{_FILLER}嗯*")
_LONGEST_ANSWER = 40


def find_answers(said: Said) -> list[Found]:
    """Return whether the caller says yes or no: one answer, or none."""
    text, places = said.text, clauses(said.text, _CUT)
    found = [verdict for start, end in places if (verdict := _clause(text, start, end))]
    verdicts = without_corrections(
        found, places, lambda start, end: _ONLY_FILLERS.fullmatch(text, start, end) is not None
    )
    if len(verdicts) == 1 and text.rstrip(" 。!,").endswith("?") and _is_asked(text, verdicts[0]):
        return []
    verdict = weigh(verdicts)
    if verdict is None:
        return []
    spoken = {"yes": "是", "no": "不是"}[verdict.value]
    return [Found(EntityKind.YES_NO, verdict.start, verdict.end, verdict.value, spoken, verdict.confidence)]


def _is_asked(text: str, verdict: Verdict) -> bool:
    """Tell whether the clause of an answer is itself the question: 可以？"""
    return text.find("?", verdict.end) >= 0 and not re.search(r"[,。!]", text[verdict.end : text.rfind("?")])


def _clause(text: str, start: int, end: int) -> Verdict | None:
    clause = text[start:end]
    match, value, confidence = _read(clause) if len(clause) <= _LONGEST_ANSWER else (None, "", 0.0)
    if match is None:
        return None
    bare_no = value == "no" and _CORRECTION.fullmatch(match["words"]) is not None
    return Verdict(start + match.start("words"), start + match.end("words"), value, confidence, start, bare_no)


_Reading = tuple["re.Match[str] | None", str, float]
_NOTHING: _Reading = (None, "", 0.0)


def _read(clause: str) -> _Reading:
    if match := _CONCEDED.search(clause):
        return match, "yes", 0.6
    if _QUESTION.search(_ANY.sub("", clause.strip())):
        match = _LEADING_YES.match(clause)  # 好的多少钱
        return (match, "yes", 0.6) if match and len(clause) - match.end() >= _SHORTEST_QUESTION else _NOTHING
    if match := _TWICE.search(clause):
        return match, "yes", 0.6
    if _DISBELIEF.match(clause):
        return _NOTHING
    for pattern, value, confidence in ((_WEAK, "yes", 0.75), (_YES, "yes", 0.95), (_NO, "no", 0.95)):
        if match := pattern.match(clause):
            return match, value, 0.7 if _HEDGE.search(match["words"]) else confidence
    return _led(clause) or _unled(clause)


def _led(clause: str) -> _Reading | None:
    """Return what a clause says that begins with a yes; a no right after it is what is meant: 好的不用了."""
    if match := _LEADING_YES.match(clause):
        after = match.end()
        no = _NO.match(clause, after) or _LEADING_NO.match(clause, after)
        return (no, "no", 0.75) if no else (match, "yes", 0.75)
    if (noted := _NOTED.match(clause)) and (match := _NO.match(clause, noted.end())):
        return match, "no", 0.75
    return None


def _unled(clause: str) -> _Reading:
    if _NO_ANSWER.search(clause):
        return _NOTHING
    if match := _LEADING_NO.match(clause):
        return match, "no", 0.75
    return _trailing(clause)


# A yes that takes note, with no pause after it: 好不用了.
_NOTED = re.compile(r"[好嗯哦行对]+(?=[不没])")
_DISBELIEF = re.compile(r"^[啊哦诶]?(?:不会|不是|没有)吧$|^别着?急")
_HEDGE = re.compile(r"可能|恐怕|应该|好像")
_SHORTEST_QUESTION = 3


def _trailing(clause: str) -> _Reading:
    if _CONDITION.search(clause):
        return _NOTHING
    if match := _TRAILING_NO.search(clause):
        return match, "no", STATEMENT
    if match := _TRAILING_YES.search(clause):
        return match, "no" if _DENIED.search(clause[: match.start()]) else "yes", STATEMENT
    return _NOTHING
