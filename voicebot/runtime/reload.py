"""Takes over bots whose files have changed, while calls are running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voicebot.dialogue.versions import EngineVersions
from voicebot.errors import VoicebotError
from voicebot.runtime.bots import OurBots
from voicebot.runtime.folders import Fingerprint, fingerprints

logger = logging.getLogger(__name__)

_LOOK_S = 1.0


class Reloader:
    """Looks for changed bots until it is stopped.

    A changed bot is loaded beside the one that runs. If it is wrong, everything stays as it was. If it is right, it
    answers whoever calls from now on; running conversations end on the version they began with.

    Args:
        bots: the bots.
        on_new: told of each bot that has a new version.
        automatic: look at the files by itself; otherwise only when asked to.
        look_s: time between two looks.
    """

    def __init__(
        self,
        bots: OurBots,
        on_new: Callable[[EngineVersions], None],
        *,
        automatic: bool = True,
        look_s: float = _LOOK_S,
    ) -> None:
        self._bots = bots
        self._on_new = on_new
        self._automatic = automatic
        self._look_s = look_s
        self._taken: dict[str, Fingerprint] = dict(bots.fingerprints)
        self._seen: dict[str, Fingerprint] = dict(bots.fingerprints)
        self._woken = asyncio.Event()
        self._asked = False
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._running = asyncio.create_task(self._run(), name="reload-bots")

    def ask(self) -> None:
        """Load all bots anew, changed or not."""
        self._asked = True
        self._woken.set()

    async def stop(self) -> None:
        """End it; a version that is being loaded is given up."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def look(self, *, everything: bool = False) -> None:
        """Look once, take over what has changed, and close versions that nobody talks to any more.

        A bot is taken over when two looks in a row find the same: who saves several files is not cut in half.

        Args:
            everything: take over all bots as they are now, changed or not.
        """
        if everything or self._automatic:
            found = await asyncio.to_thread(fingerprints, self._bots.directory)
            for name, stamp in found.items():
                settled = self._seen.get(name) == stamp
                if everything or (settled and self._taken.get(name) != stamp):
                    self._taken[name] = stamp  # a bot that is wrong, too: it is not tried again until it changes
                    await self._load(name)
            for name in self._seen.keys() - found.keys():
                logger.warning("bot %s is gone from %s; it answers until the next start", name, self._bots.directory)
                self._taken.pop(name, None)
            self._seen = found
        for versions in self._bots.by_folder.values():
            await versions.retire()

    async def _run(self) -> None:
        while True:
            asked, self._asked = self._asked, False
            self._woken.clear()
            try:
                await self.look(everything=asked)
            except Exception:
                # A mistake of ours must not end all further reloads.
                logger.exception("looking for changed bots broke, and goes on")
            waiting = asyncio.create_task(self._woken.wait())
            try:
                await asyncio.wait({waiting}, timeout=self._look_s)
            finally:
                waiting.cancel()

    async def _load(self, name: str) -> None:
        try:
            versions = await self._bots.take_over(name)
        except VoicebotError as error:
            logger.error("bot %s is not taken over: %s", name, error.message)
            return
        logger.info("bot %s has changed: who calls from now on gets the new version", name)
        self._on_new(versions)
