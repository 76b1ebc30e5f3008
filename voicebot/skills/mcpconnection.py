"""The connection to one MCP server, made anew whenever it is lost.

The official client does the talking: https://github.com/modelcontextprotocol/python-sdk. It is imported when a bot
names a server, and not before.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from voicebot.errors import ConfigError, SkillError, SkillTimeoutError
from voicebot.skills.mcpvalues import tool_result
from voicebot.skills.served import McpServer
from voicebot.skills.spec import ENVIRONMENT
from voicebot.skills.template import fill

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client import IncomingMessage
    from mcp.client._transport import ReadStream, TransportStreams
    from mcp.shared.message import SessionMessage
    from mcp_types import Tool
    from typing_extensions import Self

logger = logging.getLogger(__name__)

CONNECT_S = 10.0
"""How long a server may take to start and to name its tools."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
"""Pause before a lost server is tried again; it doubles as long as that is in vain."""
_READ_S = 600.0
_MAX_PAGES = 100


class McpConnection:
    """A server, connected as long as this is open.

    Args:
        server: the server.
        on_tools: told its tools, whenever they may have changed.
        tell_messages: put what the server says of a failure into errors; it may quote what a caller said.
    """

    def __init__(
        self, server: McpServer, on_tools: Callable[[Sequence[Tool]], None], *, tell_messages: bool = False
    ) -> None:
        self._server = server
        self._on_tools = on_tools
        self._tell_messages = tell_messages
        self._client: Client | None = None
        self._serving: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._stale = asyncio.Event()
        self._lost = False
        self._problem: ConfigError | None = None

    @property
    def connected(self) -> bool:
        """The server is there."""
        return self._client is not None

    async def start(self) -> None:
        """Connect. A server that cannot be reached is tried again in the background.

        Raises:
            ConfigError: its program does not exist, or an environment variable is missing.
        """
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve(), name=f"mcp-{self._server.name}")
        await asyncio.wait({waiting := asyncio.ensure_future(self._tried.wait())}, timeout=CONNECT_S)
        waiting.cancel()
        if self._problem is not None:
            raise self._problem

    async def call(self, skill: str, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> object:
        """Use a tool; returns its result.

        Raises:
            SkillTimeoutError: it took too long.
            SkillError: the tool failed, or the server is not there or went away.
        """
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, TextContent

        client = self._client
        if client is None:
            raise SkillError(f"skill '{skill}': the server '{self._server.name}' is not there")
        try:
            result = await client.call_tool(tool, dict(arguments), read_timeout_seconds=timeout_s)
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                raise SkillTimeoutError(f"skill '{skill}' took more than {timeout_s:g} s") from None
            if error.code == CONNECTION_CLOSED:
                self._lose()
                raise SkillError(f"skill '{skill}': the server '{self._server.name}' went away") from None
            raise self._failure(skill, error.message) from None
        except ValueError as error:  # its answer is not what the protocol or the tool's own schema says
            raise SkillError(f"skill '{skill}' answered wrongly ({type(error).__name__})") from None
        texts = [part.text for part in result.content if isinstance(part, TextContent)]
        if result.is_error:
            raise self._failure(skill, "\n".join(texts))
        return tool_result(result.structured_content, texts)

    async def close(self) -> None:
        """Disconnect; a server that is a program ends."""
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()
            await asyncio.wait({serving})
        self._tried.clear()

    def _failure(self, skill: str, text: str) -> SkillError:
        told = f": {text}" if self._tell_messages and text else ""
        return SkillError(f"skill '{skill}' failed{told}", detail=text)

    def _lose(self) -> None:
        self._client = None
        self._lost = True
        self._stale.set()

    async def _serve(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            was_there = False
            try:
                await self._connected()
                was_there = True
                logger.warning("the MCP server '%s' went away", self._server.name)
            except ConfigError as error:
                self._problem = error
                return
            except Exception as error:
                was_there = self._client is not None
                logger.warning("the MCP server '%s' is not there: %s", self._server.name, _reason(error))
            finally:
                self._client = None
                self._tried.set()
            pause_s = FIRST_PAUSE_S if was_there else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _connected(self) -> None:
        """Connect, and return when the connection is lost.

        Raises:
            ConfigError: there is nothing to connect to, ever.
        """
        await asyncio.to_thread(_import)
        from mcp import Client

        self._lost = False
        self._stale.clear()
        transport = _watched(_transport(self._server), self._lose)
        # The limit is for the requests that connect; those that use tools have their own.
        async with Client(
            transport, cache=None, message_handler=self._on_message, read_timeout_seconds=CONNECT_S
        ) as client:
            await self._list(client)
            self._client = client
            self._tried.set()
            while not self._lost:
                await self._stale.wait()
                self._stale.clear()
                if not self._lost:
                    await self._list(client)

    async def _list(self, client: Client) -> None:
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        self._on_tools(tools)

    async def _on_message(self, message: IncomingMessage) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self._stale.set()


def _import() -> None:
    import mcp

    logging.getLogger("mcp").setLevel(logging.WARNING)  # at "debug" it tells whole messages
    _ = mcp.Client


def _transport(server: McpServer) -> AbstractAsyncContextManager[TransportStreams]:
    if server.url:
        return _by_http(server.url, _filled(server, server.headers))
    from mcp.client.stdio import StdioServerParameters, stdio_client

    if shutil.which(server.command) is None:
        raise ConfigError(f"MCP server '{server.name}': there is no program '{server.command}'")
    env = _filled(server, server.env)
    return stdio_client(StdioServerParameters(command=server.command, args=list(server.args), env=env))


@asynccontextmanager
async def _by_http(url: str, headers: Mapping[str, str]) -> AsyncIterator[TransportStreams]:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    timeout = httpx2.Timeout(CONNECT_S, read=_READ_S)
    async with (
        httpx2.AsyncClient(headers=dict(headers), timeout=timeout) as http,
        streamable_http_client(url, http_client=http) as streams,
    ):
        yield streams


@asynccontextmanager
async def _watched(
    transport: AbstractAsyncContextManager[TransportStreams], on_end: Callable[[], None]
) -> AsyncIterator[TransportStreams]:
    """Use a transport, and tell when nothing can be read from it any more: a program has ended."""
    async with transport as (read, write):
        yield _Watched(read, on_end), write


class _Watched:
    """A stream that tells when it has ended."""

    def __init__(self, inner: ReadStream[SessionMessage | Exception], on_end: Callable[[], None]) -> None:
        self._inner = inner
        self._on_end = on_end

    async def receive(self) -> SessionMessage | Exception:
        try:
            return await self._inner.receive()
        except Exception:
            self._on_end()
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self._inner.__anext__()
        except Exception:
            self._on_end()
            raise

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._inner.__aexit__(*error)


def _filled(server: McpServer, texts: Mapping[str, str]) -> dict[str, str]:
    def value_of(name: str, default: str) -> str:
        value = os.environ.get(name.removeprefix(ENVIRONMENT), default) if name.startswith(ENVIRONMENT) else ""
        if not value:
            raise ConfigError(f"MCP server '{server.name}' needs the environment variable {name}")
        return value

    return {name: fill(text, value_of) for name, text in texts.items()}


def _reason(error: BaseException) -> str:
    """Return the name of what went wrong; the library wraps it into groups."""
    inner = getattr(error, "exceptions", ())
    return _reason(inner[0]) if inner else type(error).__name__
