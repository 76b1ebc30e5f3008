"""All skills of one bot behind one ``SkillRunner``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from voicebot.errors import SkillError
from voicebot.skills.http import RemoteSkills
from voicebot.skills.mcp import McpSkills
from voicebot.skills.pool import PythonSkills
from voicebot.skills.served import McpServer
from voicebot.skills.spec import SkillRunner, SkillSpec


class BotSkills:
    """Runs each skill where it belongs.

    Args:
        specs: the skills of the bot, by name.
        home: the folder that its Python skills work in.
        tell_messages: put the messages of exceptions into errors; they may quote what a caller said.
        servers: MCP servers, which bring more skills along.
    """

    def __init__(
        self,
        specs: Mapping[str, SkillSpec],
        home: Path,
        *,
        tell_messages: bool = False,
        servers: Sequence[McpServer] = (),
    ) -> None:
        self._own = {name: spec for name, spec in specs.items() if spec.served is None}
        self._mcp = McpSkills(servers, tell_messages=tell_messages) if servers else None
        python = {name: spec for name, spec in specs.items() if spec.file is not None}
        remote = {name: spec for name, spec in specs.items() if spec.remote is not None}
        self._by_name: dict[str, SkillRunner] = {}
        if python:
            self._by_name |= dict.fromkeys(python, PythonSkills(python, home, tell_messages=tell_messages))
        if remote:
            self._by_name |= dict.fromkeys(remote, RemoteSkills(remote))

    @property
    def specs(self) -> Mapping[str, SkillSpec]:
        """All skills that can be run at the moment, by name; those of MCP servers come and go."""
        return {**(self._mcp.specs if self._mcp is not None else {}), **self._own}

    async def start(self) -> None:
        """Get ready.

        Raises:
            ConfigError: a skill file cannot be run.
        """
        for runner in self._runners():
            await runner.start()

    async def run(self, name: str, arguments: Mapping[str, str], timeout_s: float) -> object:
        """Run a skill and return its result.

        Raises:
            SkillError: it failed, or took too long.
        """
        runner = self._by_name.get(name, self._mcp)
        if runner is None:
            raise SkillError(f"there is no skill '{name}'")
        return await runner.run(name, arguments, timeout_s)

    async def close(self) -> None:
        """End all that runs."""
        await asyncio.gather(*(runner.close() for runner in self._runners()))

    def _runners(self) -> list[SkillRunner]:
        runners = [*self._by_name.values(), *([self._mcp] if self._mcp is not None else [])]
        return list({id(runner): runner for runner in runners}.values())
