"""Read the skills of a ``bot.yaml``: the remote ones it declares, and what its nodes have skills do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from voicebot.dialogue.bot import LONGEST_JOB_S, LONGEST_WAIT_S, SkillUse
from voicebot.dialogue.yamltree import Item
from voicebot.skills.spec import ENVIRONMENT, TYPES, Parameter, RemoteSkill, SkillSpec
from voicebot.skills.template import placeholders_in

_KEYS = ("description", "url", "method", "query", "json", "headers", "timeout_s", "result")
_FIXED_HOST = re.compile(r"(?:https?://[^/{}?#\s]+|\{\{\s*env\.[^{}]+\}\})(?:[/?#]\S*)?")


def read_remote_skills(item: Item) -> Mapping[str, SkillSpec]:
    """Read the section ``skills``.

    Raises:
        ConfigError: a value is wrong.
    """
    return {name: _remote_skill(name, value) for name, value in item.map().items()}


def read_skill_use(item: Item) -> SkillUse:
    """Read ``skill`` of a node.

    Raises:
        ConfigError: a value is wrong.
    """
    entries = item.map(("call", "with", "save", "timeout_s", "wait", "on_error"))
    if "call" not in entries:
        item.fail("'call' is missing: which skill is it?")
    wait = entries["wait"].flag() if "wait" in entries else True
    if not wait and "on_error" in entries:
        entries["on_error"].fail("with 'wait: false' the conversation has gone on when an error comes; leave this out")
    longest_s = LONGEST_WAIT_S if wait else LONGEST_JOB_S
    arguments = entries["with"].map() if "with" in entries else {}
    return SkillUse(
        name=entries["call"].text(),
        arguments={name: value.text_or_empty() for name, value in arguments.items()},
        save=_save(entries["save"]) if "save" in entries else {},
        timeout_s=entries["timeout_s"].number(0.1, longest_s) if "timeout_s" in entries else None,
        wait=wait,
        on_error=entries["on_error"].text() if "on_error" in entries else "",
    )


def _save(item: Item) -> Mapping[str, str]:
    if item.is_text:
        return {item.text(): ""}
    return {name: value.text_or_empty() for name, value in item.map().items()}


def _remote_skill(name: str, item: Item) -> SkillSpec:
    entries = item.map(_KEYS)
    if "url" not in entries:
        item.fail("'url' is missing")
    remote = RemoteSkill(
        url=_url(entries["url"]),
        method=entries["method"].choice(("GET", "POST")) if "method" in entries else "GET",
        query=_texts(entries.get("query")),
        json=_json(entries["json"]) if "json" in entries else None,
        headers=_texts(entries.get("headers")),
        result=entries["result"].text() if "result" in entries else "",
    )
    if remote.method == "GET" and remote.json is not None:
        entries["json"].fail("a GET has no body; use 'query', or 'method: POST'")
    description = entries["description"].text() if "description" in entries else ""
    timeout_s = entries["timeout_s"].number(0.1, LONGEST_JOB_S) if "timeout_s" in entries else None
    return SkillSpec(name, description, _parameters(remote), remote=remote, timeout_s=timeout_s)


def _url(item: Item) -> str:
    url = item.text()
    # What a caller says must not choose the machine that is asked.
    if not _FIXED_HOST.fullmatch(url):
        item.fail("expected http://host/… or https://host/… or {{env.NAME}}…, with {{parameters}} only after the host")
    return url


def _texts(item: Item | None) -> Mapping[str, str]:
    return {} if item is None else {name: value.text_or_empty() for name, value in item.map().items()}


def _json(item: Item) -> Any:
    if item.is_map:
        return {name: _json(value) for name, value in item.map().items()}
    return item.plain() if item.is_text else [_json(value) for value in item.list()]


def _parameters(remote: RemoteSkill) -> tuple[Parameter, ...]:
    """Return what stands in ``{{...}}`` anywhere in a remote skill; with a default in each place it is optional."""
    optional: dict[str, bool] = {}
    for text in (remote.url, *remote.query.values(), *remote.headers.values(), *_texts_in(remote.json)):
        for name, default in placeholders_in(text):
            if not name.startswith(ENVIRONMENT):
                optional[name] = optional.get(name, True) and default is not None
    return tuple(Parameter(name, TYPES["str"], required=not optional[name]) for name in optional)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(part)
