"""The one thread that touches the SIP library.

pjsua2 asserts (and so aborts the process) when a thread it does not know calls it or merely frees one of its
objects. Everything therefore runs here: signalling callbacks (from ``handle_events``), commands of other
threads, timers, and the release of the library's objects.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import math
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import pjsua2 as pj

from telephony.line.config import UserAgentConfig
from telephony.line.library import WILDCARDS, Library, explain
from voicebot.errors import TelephonyError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Command = Callable[[], None]

# Orders and timers end a wait, so this is only for what the library's own threads put on its list of timers.
POLL_MS = 40
# The clock thread needs the interpreter every 20 ms: with the default of 5 ms a busy thread makes frames late.
SWITCH_INTERVAL_S = 0.0001
# pjsip takes a datagram this short for a keep-alive and ignores it, but it ends the wait for events.
_WAKE = b"\r\n"


class Timer:
    """A command that waits for its time."""

    __slots__ = ("_command",)

    def __init__(self, command: Command) -> None:
        self._command: Command | None = command

    def cancel(self) -> None:
        """Forget the command. Harmless when it ran already."""
        self._command = None

    def fire(self) -> None:
        """Run the command unless it was cancelled."""
        command, self._command = self._command, None
        if command is not None:
            command()


class SipThread:
    """Owns the SIP library of the process.

    Args:
        config: how the library is set up.
    """

    library: Library
    """The open library; for use on the thread itself."""

    def __init__(self, config: UserAgentConfig) -> None:
        self._config = config
        self._commands: deque[Command] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._closing = False
        self._thread = threading.Thread(target=self._main, name="sip", daemon=True)
        self._opened: Future[None] = Future()
        self._waker = socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET, socket.SOCK_DGRAM)
        self._waker.setblocking(False)
        self._wake_address: tuple[str, int] | None = None

    # --- for any thread

    def start(self) -> Future[None]:
        """Start the thread and open the library; the future tells how that went."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._thread.start()
        return self._opened

    def post(self, command: Command) -> None:
        """Run a command soon, without waiting for it. After the end of the thread it is dropped."""
        self._commands.append(command)
        if threading.current_thread() is not self._thread:
            self._wake()

    def run(self, function: Callable[[], T]) -> Future[T]:
        """Run a function soon; the future gets its result, or its error without references into the library."""
        future: Future[T] = Future()

        def command() -> None:
            error: Exception
            try:
                future.set_result(function())
                return
            except pj.Error as refused:
                error = TelephonyError(explain(refused))
            except TelephonyError as refused:
                error = refused
            # The traceback would keep library objects alive, to be freed on the wrong thread.
            error.__context__ = error.__cause__ = None
            future.set_exception(error.with_traceback(None))

        self.post(command)
        return future

    def close(self) -> None:
        """End the thread and free the library; all calls and accounts must be gone. Blocks: not for an event loop."""
        self.post(self._close)
        self._thread.join()

    # --- for the thread itself

    def call_later(self, delay_s: float, command: Command) -> Timer:
        """Run a command after a while."""
        timer = Timer(command)
        heapq.heappush(self._timers, (time.monotonic() + delay_s, next(self._order), timer))
        return timer

    def _close(self) -> None:
        self._closing = True

    def _wake(self) -> None:
        address = self._wake_address
        if address is not None:
            # Not sent, the command waits for the end of the poll: at most POLL_MS.
            with contextlib.suppress(OSError):
                self._waker.sendto(_WAKE, address)

    def _main(self) -> None:
        try:
            self.library = Library(self._config)
        except TelephonyError as error:
            error.__context__ = None
            self._opened.set_exception(error.with_traceback(None))
            return
        host = self._config.host if self._config.host not in WILDCARDS else "127.0.0.1"
        self._wake_address = ("::1" if self._config.host == "::" else host, self.library.sip_port)
        self._opened.set_result(None)
        while not self._closing:
            self.library.handle_events(self._wait_ms())
            self._run_commands()
            self._run_timers()
        self._wake_address = None
        self._timers.clear()
        self._commands.clear()
        self.library.close()
        del self.library
        self._waker.close()

    def _wait_ms(self) -> int:
        """Return how long to wait for signalling: until the next timer is due, but not too long."""
        if self._commands:
            return 0
        if not self._timers:
            return POLL_MS
        left_ms = math.ceil((self._timers[0][0] - time.monotonic()) * 1000)
        return max(0, min(POLL_MS, left_ms))

    def _run_commands(self) -> None:
        for _ in range(len(self._commands)):
            self._guard(self._commands.popleft())

    def _run_timers(self) -> None:
        now_s = time.monotonic()
        while self._timers and self._timers[0][0] <= now_s:
            self._guard(heapq.heappop(self._timers)[2].fire)

    @staticmethod
    def _guard(command: Command) -> None:
        """Run a command; whatever it raises is logged, because the thread must go on for the other calls."""
        try:
            command()
        except pj.Error as error:
            logger.error("The SIP library refused: %s", explain(error))
        except Exception:
            logger.exception("A command of the SIP thread failed")
