"""Skills that MCP servers bring along. https://modelcontextprotocol.io"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from voicebot.errors import SkillError
from voicebot.skills.mcpconnection import McpConnection
from voicebot.skills.mcpvalues import tool_arguments
from voicebot.skills.served import McpServer, ServedTool, skill_name
from voicebot.skills.spec import SkillSpec

if TYPE_CHECKING:
    from mcp_types import Tool


class McpSkills:
    """Runs the tools of the MCP servers of one bot; a ``SkillRunner``.

    Args:
        servers: the servers.
        tell_messages: put what servers say of failures into errors; it may quote what a caller said.
    """

    def __init__(self, servers: Sequence[McpServer], *, tell_messages: bool = False) -> None:
        self._servers = {server.name: server for server in servers}
        self._specs: dict[str, dict[str, SkillSpec]] = {}
        self._connections = {
            name: McpConnection(server, self._keeper(server), tell_messages=tell_messages)
            for name, server in self._servers.items()
        }

    @property
    def specs(self) -> Mapping[str, SkillSpec]:
        """The skills of the servers that are there at the moment, by name."""
        return {
            name: spec
            for server, specs in self._specs.items()
            if self._connections[server].connected
            for name, spec in specs.items()
        }

    async def start(self) -> None:
        """Connect to all servers; those that are not there are tried again in the background.

        Raises:
            ConfigError: a server's program does not exist, or an environment variable is missing.
        """
        await asyncio.gather(*(connection.start() for connection in self._connections.values()))

    async def run(self, name: str, arguments: Mapping[str, str], timeout_s: float) -> object:
        """Use a tool and return its result.

        Raises:
            SkillArgumentError: an argument is missing or of the wrong type.
            SkillTimeoutError: it took too long.
            SkillError: it failed, or its server is not there.
        """
        spec = self.specs.get(name)
        if spec is None:
            await self.start()  # if nobody did; else this takes no time
            spec = self.specs.get(name)
        if spec is None or spec.served is None:
            raise SkillError(f"skill '{name}' is not there: no MCP server has it at the moment")
        values = tool_arguments(name, spec.parameters_schema, arguments)
        return await self._connections[spec.served.server].call(name, spec.served.tool, values, timeout_s)

    async def close(self) -> None:
        """Disconnect from all servers; those that are programs end."""
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    def _keeper(self, server: McpServer) -> Callable[[Sequence[Tool]], None]:
        def keep(tools: Sequence[Tool]) -> None:
            self._specs[server.name] = {spec.name: spec for spec in _specs(server, tools)}

        return keep


def _specs(server: McpServer, tools: Sequence[Tool]) -> list[SkillSpec]:
    return [
        SkillSpec(
            name=skill_name(server.name, tool.name),
            description=(tool.description or tool.title or "").strip(),
            timeout_s=server.timeout_s,
            served=ServedTool(server.name, tool.name, tool.input_schema),
        )
        for tool in tools
        if server.allowed_tools is None or tool.name in server.allowed_tools
    ]
