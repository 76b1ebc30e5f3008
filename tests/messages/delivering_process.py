"""A process that delivers what is in a data directory to a URL, and ends when all of it is sent."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from voicebot.messages.delivery import Delivery
from voicebot.messages.retry import RetryPolicy
from voicebot.messages.sender import make_sender
from voicebot.settings import Settings
from voicebot.storage.outbox import MessageState
from voicebot.storage.store import Storage

CLAIM_S = 0.3


async def deliver(data: Path, url: str) -> None:
    """Run until nothing waits any more."""
    sending = {"sender": "webhook", "webhook": {"url": url, "secret": "s"}}
    settings = Settings.model_validate({"paths": {"data": data}, "short_messages": sending})
    storage = Storage(settings)
    delivery = Delivery(storage, make_sender(settings.short_messages), RetryPolicy(99, 0.01, 0.1), 90, CLAIM_S)
    delivery.start()
    counts = storage.outbox.counts()
    while counts[MessageState.SENT] == 0 or counts[MessageState.WAITING] or counts[MessageState.SENDING]:
        await asyncio.sleep(CLAIM_S / 3)
        counts = await asyncio.to_thread(storage.outbox.counts)
    await delivery.stop()


if __name__ == "__main__":
    asyncio.run(deliver(Path(sys.argv[1]), sys.argv[2]))
