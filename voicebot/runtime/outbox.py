"""A line worker's side of what bots order: into the spool, before the call goes on."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import asdict

from voicebot.conversation.leg import CallInfo
from voicebot.protocol.instruction import BLACKLIST, SHORT_MESSAGE, Blacklist, ShortMessage
from voicebot.runtime.stdio import report
from voicebot.settings.model import LineSettings
from voicebot.storage.spool import Order, Spool

logger = logging.getLogger(__name__)

_RETRY_S = 5.0


class Outbox:
    """Keeps orders, and tells the main process of them.

    Args:
        spool: where they wait for the main process.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._unsaved: deque[Order] = deque()
        self._retry: asyncio.TimerHandle | None = None

    def store(self, order: Order) -> None:
        """Keep an order. It is on the disk when this returns; if the disk is full, it is tried again and again.

        This blocks the event loop for as long as the disk takes, which no call hears: audio has its own thread.
        """
        self._unsaved.append(order)
        self._save()

    def close(self) -> None:
        """Try a last time to keep what could not be kept."""
        self._save()
        if self._retry is not None:
            self._retry.cancel()
        for order in self._unsaved:
            logger.error("call %s: its %s is lost", order.call_id, order.instruction)

    def _save(self) -> None:
        try:
            while self._unsaved:
                self._spool.write(self._unsaved[0])
                self._unsaved.popleft()
                report("stored", {})
        except OSError as error:
            order = self._unsaved[0]
            logger.error("call %s: its %s cannot be kept yet: %s", order.call_id, order.instruction, error.strerror)
            if self._retry is not None:
                self._retry.cancel()
            self._retry = asyncio.get_running_loop().call_later(_RETRY_S, self._save)


def order_of(instruction: ShortMessage | Blacklist, info: CallInfo, line: LineSettings, session_id: str) -> Order:
    """Return what an instruction orders in a call."""
    return Order(
        instruction=SHORT_MESSAGE if isinstance(instruction, ShortMessage) else BLACKLIST,
        parameters=asdict(instruction),
        call_id=info.call_id,
        session_id=session_id,
        line=line.name,
        party=info.caller,
        called=info.called,
        reason=f"line {line.name}" if line.brain_url else f"bot {line.bot}",
    )
