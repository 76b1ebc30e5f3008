"""Read ``mcp`` of a ``bot.yaml``: servers that bring skills along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from voicebot.dialogue.yamltree import Item
from voicebot.skills.served import McpServer, ServedTool, skill_name
from voicebot.skills.spec import SkillSpec

_KEYS = ("name", "command", "args", "env", "url", "headers", "allowed_tools", "timeout_s")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_URL = re.compile(r"https?://[^\s/{}]+\S*")


def read_mcp_servers(item: Item | None) -> tuple[McpServer, ...]:
    """Read the section.

    Raises:
        ConfigError: a value is wrong.
    """
    servers: dict[str, McpServer] = {}
    for entry in item.list() if item is not None else ():
        server = _server(entry)
        if server.name in servers:
            entry.fail(f"there is a server '{server.name}' already")
        servers[server.name] = server
    return tuple(servers.values())


def declared_skills(servers: Iterable[McpServer]) -> Mapping[str, SkillSpec]:
    """Return the skills that are known by name before the servers run: their ``allowed_tools``."""
    return {
        skill_name(server.name, tool): SkillSpec(
            skill_name(server.name, tool), served=ServedTool(server.name, tool), timeout_s=server.timeout_s
        )
        for server in servers
        for tool in server.allowed_tools or ()
    }


def _server(entry: Item) -> McpServer:
    parts = entry.map(_KEYS)
    if "name" not in parts:
        entry.fail("'name' is missing")
    name = parts["name"].text()
    if not _NAME.fullmatch(name):
        parts["name"].fail("expected letters, digits, '_' and '-', a letter first, and no more than 32 of them")
    if ("command" in parts) == ("url" in parts):
        entry.fail("expected 'command' (a program to run) or 'url' (a server to ask), and not both")
    for key, other in (("args", "command"), ("env", "command"), ("headers", "url")):
        if key in parts and other not in parts:
            parts[key].fail(f"belongs to a server with '{other}'")
    if "url" in parts and not _URL.fullmatch(parts["url"].text()):
        parts["url"].fail("expected http://host/… or https://host/…")
    return McpServer(
        name=name,
        command=parts["command"].text() if "command" in parts else "",
        args=tuple(value.text_or_empty() for value in parts["args"].list()) if "args" in parts else (),
        env=_texts(parts.get("env")),
        url=parts["url"].text() if "url" in parts else "",
        headers=_texts(parts.get("headers")),
        allowed_tools=tuple(value.text() for value in parts["allowed_tools"].list())
        if "allowed_tools" in parts
        else None,
        timeout_s=parts["timeout_s"].number(0.1, 600) if "timeout_s" in parts else None,
    )


def _texts(item: Item | None) -> Mapping[str, str]:
    return {} if item is None else {name: value.text_or_empty() for name, value in item.map().items()}
