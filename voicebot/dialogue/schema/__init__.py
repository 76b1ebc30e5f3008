"""The JSON Schemas of a bot's files: editors complete keys by them, show what they mean, and mark mistakes.

JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12). It says what the loader says of the shape of the
files; that names exist and that the bot makes sense is for ``voicebot check``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from voicebot.dialogue.builtin import builtin_intents
from voicebot.dialogue.memoryuse import MOST_DAYS
from voicebot.dialogue.modeluse import ACTIONS
from voicebot.dialogue.schema.nodes import nodes, silence
from voicebot.dialogue.schema.parts import (
    FLAG,
    INTERRUPTIBLE,
    NODE,
    TEXT,
    TEXT_MAP,
    TEXTS,
    Schema,
    a_map,
    by_name,
    integer,
    key,
    number,
    one_of,
)

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_LIST = {"type": "array", "items": TEXT}
_NAMES = {"anyOf": [TEXT, _LIST]}


def schema_text(file: str = "bot") -> str:
    """Return a schema as it stands in its file, ``config/bots/<file>.schema.json``.

    Args:
        file: one of SCHEMAS.
    """
    return json.dumps(SCHEMAS[file](), ensure_ascii=False, indent=2) + "\n"


def faq_schema() -> Schema:
    """Return the schema of ``faq.yaml``."""
    return {"$schema": _DRAFT, "title": "faq.yaml", "type": "array", "items": _question()}


def intents_schema() -> Schema:
    """Return the schema of ``intents.yaml``."""
    more = key(TEXTS, "Built in; more wordings of it.", "内置的意思，可以补充说法。")
    names = sorted({name for language in ("zh", "en") for name in builtin_intents(language)})
    return {
        "$schema": _DRAFT,
        "title": "intents.yaml",
        "description": "What callers mean, each with examples.",
        **by_name(TEXTS),
        "properties": dict.fromkeys(names, more),
    }


def bot_schema() -> Schema:
    """Return the schema of ``bot.yaml``."""
    properties = {
        "name": key(TEXT, "Name of the bot; left out: of its folder.", "机器人的名字；不写就是文件夹名。"),
        "language": key(one_of(("zh", "en")), "Language of the bot.", "机器人的语言。"),
        "voice": key(TEXT, "Voice; left out: the default of the language.", "音色；不写就用该语言的默认音色。"),
        "start": key(NODE, "The node of the greeting.", "开场的节点。"),
        "end_of_speech_ms": key(
            integer(200, 3000), "Pause that ends what the caller says.", "停顿多久（毫秒）算说完。"
        ),
        "silence_s": key(integer(1, 120), "Silence until the bot asks again.", "沉默几秒再问一遍。"),
        "interruptible": key(
            INTERRUPTIBLE, "The same for all nodes that say nothing else.", "没有另写的节点都照此办理。"
        ),
        "variables": key(TEXT_MAP, "Defaults for {{name}} in texts.", "文本里 {{name}} 的默认值。"),
        "thresholds": key(_thresholds(), "How sure a match must be, 0 to 1.", "匹配分数达到多少才算数（0 到 1）。"),
        "silence": key(silence(whole_bot=True), "When the caller says nothing.", "对方不说话时怎么办。"),
        "fallback": key(_fallback(), "When nothing was understood.", "没听懂时怎么办。"),
        "intents": key(by_name(TEXTS), "What callers mean, each with examples.", "对方的意思，各写几种说法。"),
        "globals": key(_globals(), "Intents that are understood everywhere.", "任何时候都听得懂的意思。"),
        "chitchat": key(FLAG, "Small talk is answered.", "是否回应闲聊。"),
        "skills": key(_remote_skills(), "Web addresses that answer.", "网上的技能。"),
        "mcp": key(_servers(), "MCP servers that bring skills along.", "提供技能的 MCP 服务器。"),
        "language_model": key(_language_model(), "When a language model is asked.", "什么时候用大模型。"),
        "memory": key(_memory(), "What is remembered of a caller for the next call.", "为下一次通话记住什么。"),
        "faq": key({"type": "array", "items": _question()}, "Questions and answers.", "常见问题。"),
        "nodes": key(nodes(), "The steps of the conversation.", "对话的每一步。"),
        "on_transfer_failed": key(NODE, "The node after a failed transfer.", "转接失败之后的节点。"),
        "on_transfer_busy": key(NODE, "The node after a transfer to somebody busy.", "对方忙线之后的节点。"),
    }
    return {
        "$schema": _DRAFT,
        "title": "bot.yaml",
        **a_map(properties, required=("language", "start", "nodes", "silence", "fallback")),
    }


def _thresholds() -> Schema:
    return a_map(
        {
            "intent": key(number(0, 1), "An intent of the current node.", "当前节点在等的意思。"),
            "everywhere": key(number(0, 1), "A global intent.", "任何时候都听得懂的意思。"),
            "faq": key(number(0, 1), "A question of the FAQ.", "常见问题。"),
            "documents": key(number(0, 1), "A passage of a document.", "文档里的段落。"),
            "chitchat": key(number(0, 1), "Small talk.", "闲聊。"),
        }
    )


def _fallback() -> Schema:
    properties = {
        "texts": key(TEXTS, "Said one after the other.", "依次说的话。"),
        "limit": key(integer(1, 20), "How often in a row before goto.", "连续几次之后转到 goto。"),
        "goto": key(NODE, "The node after that.", "之后去的节点。"),
    }
    return a_map(properties, required=("texts", "goto"))


def _globals() -> Schema:
    properties = {
        "say": key(TEXTS, "Said first.", "先说的话。"),
        "repeat": key(FLAG, "Say the last words again.", "把刚才的话再说一遍。"),
        "goto": key(NODE, "The next node.", "下一个节点。"),
    }
    return by_name(a_map(properties, minProperties=1))


def _question() -> Schema:
    properties = {
        "question": key(TEXT, "Its usual wording.", "标准问法。"),
        "similar": key(TEXTS, "Other wordings.", "别的问法。"),
        "answer": key(TEXTS, "The answer, or several that take turns.", "回答；可以写几种，轮流说。"),
        "topic": key(TEXT, "What it is about, in a word or two.", "主题，一两个词。"),
        "id": key(TEXT, "Your own number for it.", "你自己的编号。"),
        "tags": key(TEXTS, "Your own words for it.", "你自己的标签。"),
    }
    return a_map(properties, required=("question", "answer"))


def _remote_skills() -> Schema:
    properties = {
        "description": key(TEXT, "What it does.", "它做什么。"),
        "url": key({"type": "string", "pattern": r"^(https?://[^/{}?#\s]+|\{\{\s*env\.)"}, "The address.", "地址。"),
        "method": key(one_of(("GET", "POST")), "GET if it is left out.", "不写就是 GET。"),
        "query": key(TEXT_MAP, "Parameters of the address.", "地址里的参数。"),
        "json": key({}, "The body, with method: POST.", "请求体，配合 method: POST。"),
        "headers": key(TEXT_MAP, "Headers; keys as {{env.NAME}}.", "请求头；密钥写成 {{env.NAME}}。"),
        "timeout_s": key(number(0.1, 600), "How long it may take.", "最多等几秒。"),
        "result": key(TEXT, "The part of the answer that counts.", "答案里要的部分。"),
    }
    return {"type": "object", "additionalProperties": a_map(properties, required=("url",))}


def _servers() -> Schema:
    properties = {
        "name": key({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,31}$"}, "Its name.", "名字。"),
        "command": key(TEXT, "A program to run.", "要运行的程序。"),
        "args": key(_LIST, "Its arguments.", "程序的参数。"),
        "env": key(TEXT_MAP, "Its environment variables.", "程序的环境变量。"),
        "url": key({"type": "string", "pattern": r"^https?://[^\s/{}]+\S*$"}, "A server to ask.", "服务器地址。"),
        "headers": key(TEXT_MAP, "Headers for it.", "请求头。"),
        "allowed_tools": key(_LIST, "The tools that may be used.", "可以用的工具。"),
        "timeout_s": key(number(0.1, 600), "How long a tool may take.", "一个工具最多用几秒。"),
    }
    server = a_map(properties, required=("name",))
    server["oneOf"] = [{"required": ["command"]}, {"required": ["url"]}]
    server["dependentRequired"] = {"args": ["command"], "env": ["command"], "headers": ["url"]}
    return {"type": "array", "items": server}


def _language_model() -> Schema:
    properties = {
        "enabled": key(FLAG, "false: as if this were not here.", "false：当作没写。"),
        "persona": key(TEXT, "Who the bot is and what it knows.", "机器人是谁、知道什么。"),
        "when": key(one_of(("fallback", "questions")), "When the model answers.", "什么时候由大模型回答。"),
        "tools": key(_NAMES, 'Skills that it may use; "*" for all.', '可以用的技能，"*" 表示全部。'),
        "actions": key(a_map(dict.fromkeys(ACTIONS, NODE)), "Where its actions lead.", "它的动作通向哪个节点。"),
        "withhold": key(_NAMES, "Variables that it is not told.", "不告诉它的变量。"),
        "private": key(_NAMES, "Nodes at which it is not asked.", "哪些节点不问它。"),
        "ask_again": key(FLAG, "The node's question follows its answer.", "它答完以后再问一遍当前的问题。"),
        "filler": key(_NAMES, "Said while it is slow.", "它慢的时候先说的话。"),
    }
    return a_map(properties)


def _memory() -> Schema:
    properties = {
        "remember": key(
            TEXTS, "Variables; in the next call name is last_name.", "变量名；下次通话里 name 变成 last_name。"
        ),
        "days": key(integer(1, MOST_DAYS), "How long after the last call.", "最后一次通话之后保留几天。"),
    }
    return a_map(properties, required=("remember",))


SCHEMAS: Mapping[str, Callable[[], Schema]] = {"bot": bot_schema, "faq": faq_schema, "intents": intents_schema}
"""All schemas, by the name of the file without its ending."""
