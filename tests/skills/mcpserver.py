"""A real MCP server for the tests: over stdio, or over HTTP when a port is given."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("shop", log_level="CRITICAL")


@server.tool()
def price(item: str, count: int = 1, gift: bool = False) -> float:
    """Tell what something costs."""
    if item == "nothing":
        raise ValueError("no such item: secret words")
    return 2.5 * count + gift


@server.tool()
def parts(names: list[str], only: int | None = None) -> dict[str, object]:
    """Count parts."""
    return {"names": names, "only": only}


@server.tool()
def environment(name: str) -> str:
    """Tell an environment variable."""
    return os.environ.get(name, "")


@server.tool()
async def slowly() -> str:
    """Never come to an end."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def pid() -> int:
    """Tell the process id."""
    return os.getpid()


@server.tool()
def crash() -> str:
    """Take the process along."""
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run(transport="streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run(transport="stdio")
