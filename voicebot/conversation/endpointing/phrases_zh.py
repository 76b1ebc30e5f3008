"""Mandarin: how an answer that is complete looks, and one that is not."""

from __future__ import annotations

import re

from voicebot.conversation.endpointing.phrases import Phrases

_NUMERAL = "0-9零一二三四五六七八九十两"
_WEEK = "周|星期|礼拜"
_YES = (
    "嗯+|是|对|好|行|可以|可|能|有|要|会|在|没问题|没错|不错|方便|没事|当然|当然可以|同意|愿意|确认|需要|知道|有空|有时间"
    "|是我|我就是|就是我|我在|本人|是本人"
)
_NO = (
    "不|没|没有|不是|不对|不行|不可以|不能|不要|不用|不方便|不会|不需要|不愿意|不同意|不知道|不了|不在|算了|没空|没时间"
    "|我不是|不是我|不是本人"
)
_AFTER = "的|啊|呀|吧|呢|嘛|了|哦|嘞|啦|哈|谢谢你|谢谢您|谢谢"

ZH = Phrases(
    answers=re.compile(rf"[嗯啊哦呃额]*(?:我是|(?:(?:{_NO}|{_YES})(?:{_AFTER}|[\s,\uff0c\u3002\u3001])*){{1,4}})"),
    fillers=re.compile(r"(?:[嗯呃额啊哦唔]|那个|这个|就是|然后|\s|[,\uff0c\u3001\u3002\u2026.])+"),
    unfinished=re.compile(
        r"(?:那个|这个|就是|就是说|然后|还有|另外|而且|并且|但是|可是|不过|因为|所以|如果|要是|比如|比如说|或者|或者说|以及|和|跟|与|把|被|从"
        r"|向|往|对于|关于|我想|我要|我想要|我想问|想问一下|请问|请问一下|麻烦|我的是|我是说|也就是|大概|大约|等我|让我|我看|我看看|我想想"
        r"|让我想想|怎么说呢|怎么说|嗯+|呃+|额+|唔+|(?<![\u4e00-\u9fff])[啊哦]|下个|上个|下周|第|号码是|电话是|我叫|我姓|地址是|名字是)$"
    ),
    closed=re.compile(
        r"(?:[吗呢吧啦了]|谢谢[您你]?|怎么办|怎么样|多少钱|什么时候|在哪里?|行不行|好不好|能不能|再见|拜拜)$"
    ),
    day=re.compile(
        rf"(?:大?[今明后昨前]天|[今明]晚|明早|(?:{_WEEK})[一二三四五六日天1-6]|[{_NUMERAL}]{{1,3}}[号日]|月底|月初|周末)"
    ),
    day_unfinished=re.compile(
        rf"(?:[{_NUMERAL}]月|月[{_NUMERAL}]{{1,3}}|[上下]下?个?(?:{_WEEK}|月)|[上下这]个?|这个?(?:{_WEEK}))$"
    ),
    time=re.compile(rf"[{_NUMERAL}]{{1,3}}(?:点|时|:)(?:钟|整|半|过|[一三]刻|[{_NUMERAL}]{{1,3}}分?)?"),
    time_may_go_on=re.compile(rf"(?:[{_NUMERAL}](?:点|时)|点[{_NUMERAL}]{{1,3}})$"),
    daypart=re.compile(r"(?:上午|下午|早上|晚上|凌晨|傍晚)$"),
    number=re.compile(rf"[{_NUMERAL}百千万]"),
    unit=re.compile(
        r"(?:块|元|块钱|元钱|毛|个|位|人|次|天|小时|分钟|个月|年|周|岁|斤|公斤|度|%|张|件|间|晚|份)(?:吧|左右|的|了)?$"
    ),
)
