"""Skills that MCP servers bring along, as values. https://modelcontextprotocol.io"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class McpServer:
    """An MCP server whose tools are skills.

    Attributes:
        name: begins the names of its skills.
        command: the program to run, which then talks over stdin and stdout; "" if it is reached by HTTP.
        args: of the program.
        env: of the program, besides the few variables that it gets anyway. Values may have ``{{env.NAME}}``, and may
            be keys, so they are in no repr.
        url: where it is ("https://host/mcp", streamable HTTP); "" if it is a program.
        headers: of requests; like ``env``.
        allowed_tools: names of the tools that may be used; None for all.
        timeout_s: how long a call may take; None for what is usual.
    """

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowed_tools: tuple[str, ...] | None = None
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class ServedTool:
    """A tool of an MCP server.

    Attributes:
        server: name of the server.
        tool: its name there.
        schema: JSON Schema of its arguments; None until the server has told it.
    """

    server: str
    tool: str
    schema: Mapping[str, Any] | None = None


def skill_name(server: str, tool: str) -> str:
    """Return the name of the skill that a tool is."""
    return f"{_NOT_IN_NAMES.sub('_', server)}_{_NOT_IN_NAMES.sub('_', tool)}"
