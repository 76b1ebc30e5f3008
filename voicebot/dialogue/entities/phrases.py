"""Mandarin set phrases that look like numbers and count nothing: 十分满意, 千万别, 三心二意."""

from __future__ import annotations

import re

# Set phrases whose characters count nothing; the rest of the text is left in its place.
_SET_PHRASES = re.compile(
    r"一(?:下|遍|样|起|直|定|些|般|切|旦|共|边|会儿?|向|律|致|生|辈子|方面|口气|路|时|流|再|带|度|如既往|如|系列|卡通"
    r"|句话|团|概|贯|味|点[也点儿都不]?"
    r"|面|体|心|家人|清二楚|五一十|目了然|块儿|次性|阵|回事|开始|模一样|早|头|手|番|塌糊涂|言为定|应|举|瞬|晃|旁|侧"
    r"|代|刻)"
    r"|(?:统|唯|同|之|万|逐|单|专|划|均|第|不|进|其|合|初|星期|周)一(?![百千万亿十])|不三不四"
    r"|千万(?=[别不要记得注小])|十分(?!钟|之|钱)|百分百"
    r"|三心二意|乱七八糟|七上八下|三番[五两]次|五花八门|四面八方|九牛一毛|一五一十|千方百计|五颜六色|三三两两"
    r"|丢三落四|七七八八|三天两头|一天到晚"
    r"|老?百姓|百(?:货|般|科|度|万富翁|合|年)|万(?:能|事|分|达|科|岁|物)|千(?:克|瓦|里|金|古)|三(?:明治|星|亚|峡|里屯"
    r"|维|角|国)|二(?:维码|手|胎|话|奶|楞)|四(?:川|季|周|处|方)"
    r"|九(?:江|龙|寨)|六(?:合|安)|五(?:金|星|官|粮|谷)|八(?:卦|成)|七夕|双十一|双十二|零(?:食|钱|售|件|用|散|星)"
    r"|两(?:口子|边|者|侧|回事|码)|不管三七二十一|十全十美|十足|百忙"
    r"|半(?:天|路|夜|道|途|径|年|岛|导体|成品|信半疑|决赛)|千万"
)


def hide_phrases(text: str) -> str:
    """Return a text whose set phrases are replaced by as many blanks: they look like numbers and are none."""
    return _SET_PHRASES.sub(lambda match: "\0" * len(match[0]), text)
