"""The spool: orders of bots as files, safe on the disk before the call goes on, until the database has them.

Like a maildir (https://cr.yp.to/proto/maildir.html): an order is written into ``tmp``, flushed to the disk and
renamed into ``new``, so a file in ``new`` is whole. Whoever has put it into the database deletes it. What cannot be
read goes to ``bad``. Any number of processes may write and read at once.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

logger = logging.getLogger(__name__)

_ABANDONED_S = 60.0
"""Age of a file in ``tmp`` whose writer must be dead."""
_LONGEST_BYTES = 65_536
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Order:
    """What a bot ordered in a call, to be carried out outside of it.

    Attributes:
        instruction: the instruction's name in the interface ("system_shortmessage").
        parameters: its parameters.
        call_id: the call it was given in.
        session_id: the brain's own name for the conversation, "" if unknown.
        line: name of the line that held the call.
        party: number of the far side of the call, "" if withheld.
        called: number that was called.
        reason: who ordered it.
        id: unique; the idempotency key of everything that comes of this order.
        at: when, in UTC.
    """

    instruction: str
    parameters: Mapping[str, str]
    call_id: str = ""
    session_id: str = ""
    line: str = ""
    party: str = ""
    called: str = ""
    reason: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def as_json(self) -> bytes:
        """Return the order as a file's content."""
        plain = {**asdict(self), "at": self.at.isoformat(timespec="microseconds")}
        # ASCII, because a caller's display of a number may hold half of a character, which UTF-8 cannot write.
        return json.dumps(plain).encode("ascii") + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> Order:
        """Read a file's content back.

        Raises:
            ValueError: this is no order.
        """
        plain = json.loads(content)
        if not isinstance(plain, dict) or set(plain) != set(cls.__slots__):
            raise ValueError("not the fields of an order")
        parameters = plain.pop("parameters")
        texts = [*plain.values(), *(parameters.values() if isinstance(parameters, dict) else [None])]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("a field of an order is no text")
        if not _NAME.fullmatch(plain["id"]):
            raise ValueError("an order without a proper id")
        at = datetime.fromisoformat(plain.pop("at"))
        if at.utcoffset() != timedelta(0):
            raise ValueError("a time that is not in UTC")
        return cls(parameters=parameters, at=at, **plain)


class Spool:
    """A directory of orders that are not in the database yet.

    Args:
        folder: made when first needed, readable by the owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._new, self._tmp, self._bad = folder / "new", folder / "tmp", folder / "bad"

    def write(self, order: Order) -> None:
        """Keep an order. Once this returns, neither the death of the process nor of the machine loses it.

        Raises:
            OSError: it could not be kept.
        """
        for folder in (self._new.parent, self._new, self._tmp):
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                _sync(folder.parent)
        draft = self._tmp / f"{order.id}.json"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(order.as_json())
            file.flush()
            os.fsync(file.fileno())
        self._publish(draft)

    def orders(self) -> Iterator[Order]:
        """Yield what waits, the oldest first; puts aside what cannot be read.

        Raises:
            OSError: the directory or a file in it cannot be read.
        """
        self._adopt_abandoned()
        found = []
        for file in self._files(self._new):
            order = self._read(file)
            if order is not None:
                found.append(order)
        yield from sorted(found, key=lambda order: (order.at, order.id))

    def discard(self, order: Order) -> None:
        """Forget an order that is in the database."""
        (self._new / f"{order.id}.json").unlink(missing_ok=True)

    def reject(self, order: Order) -> None:
        """Put an order aside that nobody understands."""
        self._put_aside(self._new / f"{order.id}.json")

    def _read(self, file: Path) -> Order | None:
        try:
            with file.open("rb") as stream:
                order = Order.from_json(stream.read(_LONGEST_BYTES))
            if file.name != f"{order.id}.json":
                raise ValueError("the name of the file is not that of the order")
        except FileNotFoundError:
            return None  # another process was quicker
        except (ValueError, RecursionError):  # the latter for brackets in brackets in brackets
            self._put_aside(file)
            return None
        return order

    def _put_aside(self, file: Path) -> None:
        self._bad.mkdir(exist_ok=True, mode=0o700)
        file.replace(self._bad / file.name)
        logger.error("an order of a bot cannot be read and is put aside: %s", self._bad / file.name)

    def _adopt_abandoned(self) -> None:
        """Take over drafts of processes that died before the rename; half a file goes to ``bad`` like any other."""
        oldest = time.time() - _ABANDONED_S
        for draft in self._files(self._tmp):
            try:
                if draft.stat().st_mtime < oldest:
                    self._publish(draft)
            except FileNotFoundError:
                continue  # its writer lives, after all

    def _publish(self, draft: Path) -> None:
        draft.replace(self._new / draft.name)
        _sync(self._new)

    @staticmethod
    def _files(folder: Path) -> list[Path]:
        return sorted(folder.glob("*.json")) if folder.is_dir() else []


def _sync(folder: Path) -> None:
    """Flush the names in a directory to the disk: without this, a power failure could take a new one back."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
