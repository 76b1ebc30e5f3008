"""When the numbers of what is over are erased."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from voicebot.campaigns.lifecycle import CampaignState
from voicebot.storage.store import Storage

logger = logging.getLogger(__name__)

_EVERY = timedelta(hours=1)
_OVER = (CampaignState.DONE.value, CampaignState.STOPPED.value)


class Forgetting:
    """Erases numbers once their time is over.

    Args:
        storage: the database.
        keep_days: how long numbers of ended campaigns and calls are kept; 0: for ever.
    """

    def __init__(self, storage: Storage, keep_days: int) -> None:
        self._storage = storage
        self._keep = timedelta(days=keep_days)
        self._next: datetime | None = None

    def turn(self, now: datetime) -> None:
        """Look whether anything is to be erased, every hour. Blocks.

        Raises:
            StorageError: the database cannot be used.
        """
        if not self._keep or (self._next is not None and now < self._next):
            return
        erased = self._storage.forget_numbers(now - self._keep, _OVER)
        self._next = now + _EVERY
        if erased:
            logger.info("%d numbers of ended campaigns are erased", erased)
