"""A running HTTP server."""

from __future__ import annotations

import asyncio
import errno

from aiohttp import web

from voicebot.errors import ConfigError, PortInUseError
from voicebot.server.connection import Connection, before_the_application

_LINGERING_S = 1.0
"""How long the rest of a body that nobody wants is read, so that its sender gets to read why."""
_SHUTDOWN_S = 1.0  # aiohttp waits this long twice


class HttpServer:
    """An application that listens. ``port`` is the real one, also when 0 was asked for."""

    def __init__(self, runner: web.AppRunner, listener: asyncio.Server, host: str) -> None:
        self._runner = runner
        self._listener = listener
        self.host = host
        self.port = int(listener.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Address of the server from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def close(self) -> None:
        """Stop listening, give running answers a moment, and cancel what is left."""
        self._listener.close()
        await self._runner.cleanup()


async def start_server(app: web.Application, host: str, port: int) -> HttpServer:
    """Start to listen.

    Raises:
        PortInUseError: another program has the port.
        ConfigError: the address cannot be listened on.
    """
    runner = web.AppRunner(
        app,
        handler_cancellation=True,  # a client that closes its connection stops the answer it no longer wants
        shutdown_timeout=_SHUTDOWN_S,
    )
    await runner.setup()
    loop, server = asyncio.get_running_loop(), runner.server
    assert server is not None  # after setup
    server.request_handler = before_the_application(server.request_handler)

    def connect() -> Connection:
        # The interface has no compression, so nobody needs to send us a bomb.
        return Connection(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]
            auto_decompress=False,
            lingering_time=_LINGERING_S,
        )

    try:
        listener = await loop.create_server(connect, host, port)
    except OSError as error:
        await runner.cleanup()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(f"http.port: another program has TCP port {port} on {host}") from error
        raise ConfigError(f"http.host: cannot listen on {host}:{port}: {error.strerror}") from error
    return HttpServer(runner, listener, host)
