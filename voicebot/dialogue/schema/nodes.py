"""The schema of the nodes of a bot."""

from __future__ import annotations

from voicebot.dialogue.bot import LONGEST_JOB_S
from voicebot.dialogue.schema.parts import (
    FLAG,
    INTERRUPTIBLE,
    NODE,
    TEXT,
    TEXT_MAP,
    TEXTS,
    Schema,
    a_map,
    any_required,
    by_name,
    integer,
    key,
    number,
    one_of,
)
from voicebot.dialogue.schema.slots import slots

_IF = key(TEXT, "A condition, such as plan == gold.", "条件，比如 plan == gold。")
_GOTO = key(NODE, "The next node.", "下一个节点。")


def silence(*, whole_bot: bool) -> Schema:
    """Return the schema of ``silence``."""
    properties = {
        "seconds": key(integer(1, 120), "How long the caller may be silent.", "可以沉默几秒。"),
        "prompts": key(TEXTS, "Said one after the other, silence after silence.", "每次沉默依次说一句。"),
        "limit": key(integer(1, 20), "Silences in a row before goto.", "连续沉默几次之后转到 goto。"),
        "goto": key(NODE, "The node after the last prompt.", "说完最后一句之后的节点。"),
    }
    return a_map(properties, required=("prompts", "goto") if whole_bot else ("prompts",))


def nodes() -> Schema:
    """Return the schema of ``nodes``."""
    properties = {
        "set": key(TEXT_MAP, "Variables that get a value when the node is entered.", "进入节点时给变量赋值。"),
        "say": key(TEXTS, "What is said: one text, or several that take turns.", "说的话：一句，或轮流说的几句。"),
        "again": key(TEXT, "Short form of the question.", "再问一遍时的简短说法。"),
        "listen": key(FLAG, "Wait for the caller.", "是否等对方说话。"),
        "interruptible": key(
            INTERRUPTIBLE,
            "false: cannot be talked over; true: any speech stops it; semantic: words do, mhm does not.",
            "false：不能打断；true：一说话就停；semantic：有意义的话才停，“嗯”不算。",
        ),
        "transitions": key(
            {"type": "array", "items": _transition()},
            "Where to go on: the first one that fits.",
            "听到什么去哪里：第一个符合的生效。",
        ),
        "goto": key(
            {"anyOf": [NODE, {"type": "array", "items": a_map({"if": _IF, "goto": _GOTO}, ["goto"]), "minItems": 1}]},
            "The next node, or a list of conditions.",
            "下一个节点，或一组条件。",
        ),
        "skill": key(_skill(), "Something to look up or do after the text.", "说完之后查询或办理什么。"),
        "instructions": key(_instructions(), "What is done after the text.", "说完之后做什么。"),
        "after_answer": key(NODE, "The node after an answer from the FAQ.", "回答常见问题之后去的节点。"),
        "silence": key(silence(whole_bot=False), "When the caller says nothing here.", "这里对方不说话时怎么办。"),
        "end_of_speech_ms": key(
            integer(200, 3000), "Pause that ends what the caller says.", "停顿多久（毫秒）算说完。"
        ),
        "on_transfer_failed": key(NODE, "The node after a failed transfer.", "转接失败之后的节点。"),
        "on_transfer_busy": key(NODE, "The node after a transfer to somebody busy.", "对方忙线之后的节点。"),
        "slots": key(slots(), "What the caller is asked for here.", "在这里要问出来的内容。"),
        "filled": key(NODE, "The node when all slots are filled.", "全部问到之后的节点。"),
        "tries": key(integer(0, 20), "How often a slot is asked for again.", "一项最多再问几次。"),
        "give_up": key(NODE, "The node after that.", "之后去的节点。"),
        "corrects": key(NODE, "The node whose slots may be changed here.", "在这里可以更正哪个节点问到的内容。"),
        "max_visits": key(integer(1, 100), "How often the node is entered.", "最多进入几次。"),
        "then": key(NODE, "The node in its place after that.", "超过之后改去的节点。"),
    }
    node = a_map(properties)
    node["anyOf"] = any_required("say", "instructions", "goto", "slots")
    node["not"] = {
        "anyOf": [{"required": pair} for pair in (["transitions", "goto"], ["slots", "skill"], ["slots", "goto"])]
    }
    node["dependentRequired"] = {
        "slots": ["filled"],
        "filled": ["slots"],
        "tries": ["slots"],
        "give_up": ["slots"],
        "max_visits": ["then"],
        "then": ["max_visits"],
    }
    return by_name(node)


def _transition() -> Schema:
    properties = {
        "intent": key(TEXTS, "What the caller means.", "对方的意思。"),
        "contains": key(TEXTS, "Words anywhere in what the caller says.", "话里出现的词。"),
        "regex": key(TEXTS, "Regular expressions; named groups become variables.", "正则表达式，命名组成为变量。"),
        "any": key(FLAG, "Whatever else was said.", "说什么都行。"),
        "if": _IF,
        "goto": _GOTO,
    }
    return a_map(properties, required=("goto",), minProperties=2)


def _skill() -> Schema:
    properties = {
        "call": key(TEXT, "Name of the skill.", "技能的名字。"),
        "with": key(TEXT_MAP, "Its parameters.", "参数。"),
        "save": key({"anyOf": [TEXT, TEXT_MAP]}, "Variable for the result, or for parts of it.", "结果存进哪个变量。"),
        "timeout_s": key(number(0.1, LONGEST_JOB_S), "How long it may take.", "最多等几秒。"),
        "wait": key(FLAG, "false: in the background.", "false：后台运行。"),
        "on_error": key(NODE, "The node after a failure.", "失败之后的节点。"),
    }
    return a_map(properties, required=("call",))


def _instructions() -> Schema:
    sms = {
        "template": key(TEXT, "Template of the text message.", "短信模板。"),
        "signature": key(TEXT, "Signature.", "短信签名。"),
        "mobile": key(TEXT, "To whom; left out: the caller.", "发给谁；不写就是来电者。"),
    }
    transfer = {
        "type": key(one_of(("seat", "group", "number")), "What value is.", "value 是什么。"),
        "value": key(TEXT, "A seat, a group or a number.", "坐席、技能组或号码。"),
        "address": key(TEXT, "A SIP address, dialled as it stands.", "SIP 地址，照原样拨。"),
        "reason": key(TEXT, "Told to the other side.", "告诉对方的原因。"),
    }
    properties = {
        "hangup": key(FLAG, "End the call.", "挂机。"),
        "transfer": key(a_map(transfer, anyOf=any_required("value", "address")), "Hand the call over.", "转人工。"),
        "sms": key(a_map(sms, required=("template",)), "Send a text message.", "发短信。"),
        "keys": key(TEXT, "Press keys towards the far end.", "向对方发送按键。"),
        "blacklist": key(FLAG, "Never dial this number again.", "以后不再拨打这个号码。"),
    }
    both = {"required": ["transfer", "hangup"], "properties": {"hangup": {"enum": [True, "yes", "on"]}}}
    return {**a_map(properties, minProperties=1), "not": both}
