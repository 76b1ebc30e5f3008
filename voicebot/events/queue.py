"""Events that wait for an endpoint: files, safe on the disk before the call goes on.

One folder for each endpoint, one file for each event: written into a draft, flushed and renamed, so what has the right
name is whole. Line workers write, the main process reads and deletes.
"""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from voicebot.events.event import CallEvent

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that is to be delivered.

    Attributes:
        event: the event.
        attempts: how often that has failed.
        due_s: Unix time from which on it may be tried.
    """

    event: CallEvent
    attempts: int = 0
    due_s: float = 0.0

    def later(self, wait_s: float, now_s: float) -> Waiting:
        """Return it after one more failure."""
        return replace(self, attempts=self.attempts + 1, due_s=now_s + wait_s)


class EventQueue:
    """What waits for one endpoint. Methods block for as long as the disk takes.

    Args:
        folder: made when first needed, readable by the owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Of each file that was seen: when its event happened, its id, and when it is due. All else stays on the disk:
        # an endpoint that is away for a day leaves many.
        self._seen: dict[str, tuple[str, str, float]] = {}

    def put(self, waiting: Waiting) -> None:
        """Keep an event, or what has become of it. Once this returns, no crash loses it.

        Raises:
            OSError: it could not be kept.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(waiting.event)
        draft = path.with_suffix(".part")
        plain = {"attempts": waiting.attempts, "due_s": waiting.due_s, "event": waiting.event.as_json()}
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(plain).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self._seen.pop(path.name, None)
        _sync(self._folder)

    def due(self, now_s: float, most: int) -> tuple[list[Waiting], float | None]:
        """Return what may be tried now, the oldest first, and when to look again; None: nothing else waits.

        Only files that are new, or were put again, are read to find out.

        Args:
            now_s: Unix time.
            most: no more than so many at a time.

        Raises:
            OSError: the folder cannot be read.
        """
        self._look()
        ready = sorted((at, event, name) for name, (at, event, due_s) in self._seen.items() if due_s <= now_s)
        found = [self._read(self._folder / name) for _, _, name in ready[:most]]
        later = [due_s for _, _, due_s in self._seen.values() if due_s > now_s]
        again_s = now_s if len(ready) > most else min(later, default=None)
        return [item for item in found if item is not None], again_s

    def _look(self) -> None:
        names = {path.name for path in self._folder.glob("*.json")}
        for gone in self._seen.keys() - names:
            del self._seen[gone]
        for name in names - self._seen.keys():
            item = self._read(self._folder / name)
            if item is not None:
                self._seen[name] = item.event.at, item.event.id, item.due_s

    def waiting(self) -> list[Waiting]:
        """Return everything that waits, the oldest first; what cannot be read is put aside.

        Raises:
            OSError: the folder cannot be read.
        """
        found = [item for path in self._folder.glob("*.json") if (item := self._read(path)) is not None]
        return sorted(found, key=lambda item: (item.event.at, item.event.id))

    def drop(self, waiting: Waiting) -> None:
        """Forget an event: it was delivered, or given up."""
        self._path(waiting.event).unlink(missing_ok=True)

    def _path(self, event: CallEvent) -> Path:
        return self._folder / f"{event.id}.json"

    def _read(self, path: Path) -> Waiting | None:
        try:
            plain = json.loads(path.read_bytes())
            event = CallEvent.from_json(plain["event"])
            if path.name != f"{event.id}.json":
                raise ValueError("the name of the file is not that of the event")
            return Waiting(event, int(plain["attempts"]), float(plain["due_s"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, RecursionError):
            path.replace(path.with_suffix(f".bad-{int(time.time())}"))
            logger.error("an event cannot be read and is put aside: %s", path.name)
            return None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
