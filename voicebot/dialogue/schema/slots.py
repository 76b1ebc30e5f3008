"""The schema of the slots of a node."""

from __future__ import annotations

from voicebot.dialogue.schema.parts import FLAG, TEXT, TEXTS, Schema, a_map, by_name, integer, key, one_of
from voicebot.dialogue.slotfile import KEYS_OF_ALL, KEYS_OF_KIND
from voicebot.dialogue.slots import Rule, SlotKind
from voicebot.protocol.expectation import LONGEST_GAP_MS


def slots() -> Schema:
    """Return the schema of ``slots``."""
    typed = {
        "end": key(TEXT, "The key that ends it; left out: #.", "结束键；不写就是 #。"),
        "gap_ms": key(integer(200, LONGEST_GAP_MS), "Pause that ends it.", "停顿多久（毫秒）算输完。"),
        "first_seconds": key(
            integer(1, 120), "Silence before the caller is asked again.", "多久（秒）没有输入就再问一次。"
        ),
        "masked": key(FLAG, "Nobody is to see or hear it.", "保密：记录和录音里都没有。"),
    }
    properties = {
        "kind": key(one_of(kind.value for kind in SlotKind), "What it takes.", "要的是什么。"),
        "ask": key(TEXTS, "The question for this slot alone.", "单独问这一项时怎么问。"),
        "invalid": key(
            {"anyOf": [TEXTS, a_map({rule.value: TEXTS for rule in Rule})]},
            "What is said about a value that is not accepted, for all rules or by rule.",
            "值不合要求时说什么，可以统一写，也可以按规则分别写。",
        ),
        "vague": key(
            TEXTS, "What is said about half an answer, such as 'next week'.", "只答了一半时说什么，比如“下周”。"
        ),
        "echo": key(TEXTS, "Said when it is filled and more is to be asked.", "填上之后、还要问别的时说什么。"),
        "valid_if": key(TEXT, "A condition that has to hold.", "必须成立的条件。"),
        "end_of_speech_ms": key(integer(200, 3000), "Pause that ends an answer here.", "停顿多久（毫秒）算说完。"),
        "earliest": key(
            TEXT, "Earliest value: today, 2 hours, 2026-10-01, 09:00.", "最早：today、2 hours、2026-10-01、09:00。"
        ),
        "latest": key(TEXT, "Latest value.", "最晚。"),
        "between": key(TEXT, 'Time of day, such as "09:00-20:00".', '一天中的时间段，比如 "09:00-20:00"。'),
        "only_on": key(TEXTS, "Only these weekdays or dates.", "只能是这些星期几或日期。"),
        "not_on": key(TEXTS, "Not these weekdays or dates.", "不能是这些星期几或日期。"),
        "day": key(TEXT, "The slot with the day that this time belongs to.", "这个时间属于哪一个日期项。"),
        "min": key({"type": "number"}, "Least number.", "最小值。"),
        "max": key({"type": "number"}, "Greatest number.", "最大值。"),
        "length": key(TEXT, "Number of characters, such as 5 or 4-6.", "位数，比如 5 或 4-6。"),
        "letters": key(FLAG, "Letters may be among the digits.", "数字里可以有字母。"),
        "keys": key({"anyOf": [FLAG, a_map(typed)]}, "It is typed on the telephone.", "用电话按键输入。"),
        "values": key(
            {"anyOf": [TEXTS, by_name(TEXTS)]},
            "The names that callers may say; as a map, with other ways to say each.",
            "可以说的名称；写成映射时，后面是别的说法。",
        ),
    }
    slot = a_map(properties, required=("kind", "ask"))
    slot["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind.value}}, "required": ["kind"]},
            "then": {
                "propertyNames": {"enum": [*KEYS_OF_ALL, *KEYS_OF_KIND.get(kind, ())]},
                **({"required": ["values"]} if kind is SlotKind.NAME else {}),
            },
        }
        for kind in SlotKind
    ]
    return {**by_name(slot), "propertyNames": {"pattern": r"^\w+$"}}
