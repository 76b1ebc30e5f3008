"""A running HTTP server."""

from __future__ import annotations

import errno

from aiohttp import web

from voicebot.errors import ConfigError, PortInUseError

_SHUTDOWN_S = 1.0  # aiohttp waits this long twice


class HttpServer:
    """An application that listens. ``port`` is the real one, also when 0 was asked for."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        self._runner = runner
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        """Address of the server from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def close(self) -> None:
        """Stop listening, give running answers a moment, and cancel what is left."""
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
        auto_decompress=False,  # the interface has no compression, so nobody needs to send us a bomb
        access_log=None,
        shutdown_timeout=_SHUTDOWN_S,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(f"http.port: another program has TCP port {port} on {host}") from error
        raise ConfigError(f"http.host: cannot listen on {host}:{port}: {error.strerror}") from error
    return HttpServer(runner, host, int(runner.addresses[0][1]))
