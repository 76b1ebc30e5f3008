"""Skills of real MCP servers, as programs and over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from voicebot.errors import ConfigError, SkillArgumentError, SkillError, SkillTimeoutError
from voicebot.skills.mcp import McpSkills
from voicebot.skills.served import McpServer

SERVER = Path(__file__).with_name("mcpserver.py")
OLD_SERVER = Path(__file__).with_name("oldmcpserver.py")
LIMIT_S = 10.0


def program(**changes: Any) -> McpServer:
    return McpServer(**{"name": "shop", "command": sys.executable, "args": (str(SERVER),), **changes})


@asynccontextmanager
async def running(*servers: McpServer, tell_messages: bool = False) -> AsyncIterator[McpSkills]:
    skills = McpSkills(servers, tell_messages=tell_messages)
    try:
        await skills.start()
        yield skills
    finally:
        await skills.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def http_server(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a server over HTTP, and wait until it can be reached."""
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVER), str(port), stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        await until(lambda: reachable(port))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def reachable(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something outside of this process has come about."""
    while not holds():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop() -> AsyncIterator[McpSkills]:
    """A server for all tests that leave it as it is; each takes seconds to start."""
    async with running(program()) as skills:
        yield skills


shared = pytest.mark.asyncio(loop_scope="module")


@shared
async def test_the_tools_of_a_program_are_skills(shop: McpSkills) -> None:
    spec = shop.specs["shop_price"]
    assert spec.description == "Tell what something costs."
    assert spec.parameters_schema["required"] == ["item"]
    assert await shop.run("shop_price", {"item": "pen", "count": "3", "gift": "yes"}, LIMIT_S) == 8.5
    result = await shop.run("shop_parts", {"names": "a, b", "only": "2"}, LIMIT_S)
    assert result == {"names": ["a", "b"], "only": 2}
    result = await shop.run("shop_parts", {"names": '["a, b"]', "only": ""}, LIMIT_S)
    assert result == {"names": ["a, b"], "only": None}


async def test_tools_over_http() -> None:
    port = free_port()
    async with http_server(port), running(McpServer("shop", url=f"http://127.0.0.1:{port}/mcp")) as skills:
        assert await skills.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5


async def test_only_allowed_tools() -> None:
    async with running(program(allowed_tools=("price",)), tell_messages=True) as skills:
        assert list(skills.specs) == ["shop_price"]
        with pytest.raises(SkillError, match="Error executing tool"):
            await skills.run("shop_price", {"item": "nothing"}, LIMIT_S)
        with pytest.raises(SkillError, match="no MCP server has it"):
            await skills.run("shop_pid", {}, LIMIT_S)


@shared
async def test_wrong_arguments_are_refused_without_quoting_them(shop: McpSkills) -> None:
    with pytest.raises(SkillArgumentError, match="wants a whole number for 'count'") as caught:
        await shop.run("shop_price", {"item": "pen", "count": "several"}, LIMIT_S)
    assert "several" not in caught.value.message
    with pytest.raises(SkillArgumentError, match="needs 'item'"):
        await shop.run("shop_price", {"item": " "}, LIMIT_S)


@shared
async def test_a_failure_is_told_but_not_what_it_quotes(shop: McpSkills) -> None:
    with pytest.raises(SkillError) as caught:
        await shop.run("shop_price", {"item": "nothing"}, LIMIT_S)
    assert "Error executing tool" in caught.value.detail
    assert "Error executing tool" not in caught.value.message


@shared
async def test_a_tool_that_takes_too_long(shop: McpSkills) -> None:
    with pytest.raises(SkillTimeoutError):
        await shop.run("shop_slowly", {}, 0.1)
    assert await shop.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5


@shared
async def test_calls_run_side_by_side_and_can_be_cancelled(shop: McpSkills) -> None:
    slow = asyncio.create_task(shop.run("shop_slowly", {}, LIMIT_S))
    assert await shop.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert await shop.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5


async def test_a_program_that_dies_in_a_call_is_started_again() -> None:
    async with running(program()) as skills:
        with pytest.raises(SkillError, match="went away"):
            await skills.run("shop_crash", {}, LIMIT_S)
        await until(lambda: bool(skills.specs))
        assert await skills.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5


async def test_a_program_that_dies_in_between_is_started_again() -> None:
    async with running(program()) as skills:
        pid = await skills.run("shop_pid", {}, LIMIT_S)
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not skills.specs)
        with pytest.raises(SkillError):
            await skills.run("shop_price", {"item": "pen"}, LIMIT_S)
        await until(lambda: bool(skills.specs))
        assert await skills.run("shop_pid", {}, LIMIT_S) != pid


async def test_an_http_server_that_comes_back() -> None:
    port = free_port()
    async with running(McpServer("shop", url=f"http://127.0.0.1:{port}/mcp")) as skills:
        with pytest.raises(SkillError, match="no MCP server has it"):
            await skills.run("shop_price", {"item": "pen"}, LIMIT_S)
        async with http_server(port):
            await until(lambda: bool(skills.specs))
            assert await skills.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5
            with pytest.raises(SkillError):
                await skills.run("shop_crash", {}, LIMIT_S)
        await until(lambda: not skills.specs)
        async with http_server(port):
            await until(lambda: bool(skills.specs))
            assert await skills.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5


async def test_tools_that_change_are_listed_again() -> None:
    async with running(program(args=(str(OLD_SERVER),))) as skills:
        assert list(skills.specs) == ["shop_learn"]
        assert await skills.run("shop_learn", {}, LIMIT_S) == {"tools": 2}
        await until(lambda: len(skills.specs) == 2)
        assert "shop_learned" in skills.specs


async def test_no_start_is_needed() -> None:
    skills = McpSkills([program()])
    try:
        assert await skills.run("shop_price", {"item": "pen"}, LIMIT_S) == 2.5
    finally:
        await skills.close()


async def test_the_program_ends_with_its_skills() -> None:
    async with running(program()) as skills:
        pid = await skills.run("shop_pid", {}, LIMIT_S)
        assert isinstance(pid, int)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not skills.specs


async def test_a_program_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match="no program 'nowhere-to-be-found'"):
        async with running(program(command="nowhere-to-be-found")):
            pass


async def test_a_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "s3cret")
    server = program(env={"KEY": "{{env.SHOP_KEY}}", "PLAIN": "x"})
    assert "SHOP_KEY" not in repr(server)
    async with running(server) as skills:
        assert await skills.run("shop_environment", {"name": "KEY"}, LIMIT_S) == "s3cret"
        assert await skills.run("shop_environment", {"name": "PLAIN"}, LIMIT_S) == "x"
        assert await skills.run("shop_environment", {"name": "SHOP_KEY"}, LIMIT_S) == ""
    monkeypatch.delenv("SHOP_KEY")
    with pytest.raises(ConfigError, match=r"needs the environment variable env\.SHOP_KEY"):
        async with running(server):
            pass
