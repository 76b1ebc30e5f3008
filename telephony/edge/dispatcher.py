"""Which line worker takes a call, and which one has it.

How a worker's calls are counted, so that nothing leaks and nothing is given away twice:

* the edge counts a call from the INVITE it forwards until a final failure, or the answer to a BYE, passes;
* a worker's report of its real number of calls wins over that for everything older than ``settle_s``: calls
  counted here that the worker does not have are forgotten (a lost BYE), calls the worker has and the edge did
  not count are added until the next report. Younger INVITEs stand: the report may not know them yet;
* without any report, a call that was never answered is forgotten after ``unanswered_s``, any call after
  ``longest_s``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from telephony.edge.table import FadingTable, call_key

Address = tuple[str, int]

# Long enough for the signalling of any transaction; dialogs older than this still find their worker by the
# token in the Contact.
REMEMBER_CALLS = 10_000
REMEMBER_S = 3600.0
# RFC 3261 timers B and H: for 32 s a client may repeat an INVITE or its ACK.
REMEMBER_BUSY_S = 32.0
SWEEP_S = 1.0


@dataclass(slots=True)
class _Open:
    cseq: int
    since_s: float
    answered: bool = False


@dataclass(slots=True)
class Worker:
    """A line worker as the dispatcher sees it.

    Attributes:
        token: names the worker in its Contact; never used for another worker.
        address: where it listens.
        capacity: how many calls from outside it may have.
        draining: it keeps its calls and gets no new ones.
    """

    token: str
    address: Address
    capacity: int
    draining: bool = False
    _open: dict[bytes, _Open] = field(default_factory=dict)
    _uncounted: int = 0
    _turn: int = 0

    @property
    def calls(self) -> int:
        """Calls it has, as far as the edge knows."""
        return len(self._open) + self._uncounted

    @property
    def has_room(self) -> bool:
        """Whether it may get another call."""
        return not self.draining and self.calls < self.capacity


class Dispatcher:
    """Spreads calls over workers and keeps each on its own.

    Args:
        max_calls: calls from outside over all workers; None for no limit but the workers' own.
        settle_s: how long a new call may be missing from a worker's report.
        unanswered_s: see the module; above timer C of RFC 3261 (180 s).
        longest_s: see the module.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        max_calls: int | None = None,
        *,
        settle_s: float = 2.0,
        unanswered_s: float = 200.0,
        longest_s: float = 4 * 3600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_calls = max_calls
        self._settle_s = settle_s
        self._unanswered_s = unanswered_s
        self._longest_s = longest_s
        self._clock = clock
        self._workers: dict[str, Worker] = {}
        self._by_address: dict[Address, Worker] = {}
        # Keyed by the tag of the party outside, and by the tag of the worker, respectively: a bot that calls
        # itself has one Call-ID on two workers.
        self._inbound: FadingTable[str] = FadingTable(REMEMBER_CALLS, REMEMBER_S, clock)
        self._outbound: FadingTable[str] = FadingTable(REMEMBER_CALLS, REMEMBER_S, clock)
        self._refused: FadingTable[int] = FadingTable(REMEMBER_CALLS, REMEMBER_BUSY_S, clock)
        self._turns = 0
        self._swept_s = clock()

    @property
    def calls(self) -> int:
        """Calls from outside over all workers."""
        return sum(worker.calls for worker in self._workers.values())

    def add_worker(self, token: str, address: Address, capacity: int) -> None:
        """Make a worker known; it may get calls from now on.

        Raises:
            ValueError: the token or the address is taken.
        """
        if token in self._workers or address in self._by_address:
            raise ValueError(f"worker {token} or its address {address[0]}:{address[1]} is known already")
        self._workers[token] = self._by_address[address] = Worker(token, address, capacity)

    def remove_worker(self, token: str) -> None:
        """Forget a worker and its calls; harmless for an unknown one."""
        worker = self._workers.pop(token, None)
        if worker is not None:
            del self._by_address[worker.address]

    def drain(self, token: str) -> None:
        """Give a worker no new calls; harmless for an unknown one."""
        if token in self._workers:
            self._workers[token].draining = True

    def worker(self, token: str) -> Worker | None:
        """The worker of that token."""
        return self._workers.get(token)

    def worker_at(self, address: Address) -> Worker | None:
        """The worker that listens there."""
        return self._by_address.get(address)

    def report(self, token: str, calls: int) -> None:
        """Take a worker's own count of its calls from outside (ringing ones included)."""
        worker = self._workers.get(token)
        if worker is None:
            return
        now_s = self._clock()
        settled = [key for key, call in worker._open.items() if now_s - call.since_s > self._settle_s]
        for key in settled[: max(0, len(settled) - calls)]:
            del worker._open[key]
        worker._uncounted = max(0, calls - len(worker._open))

    def choose(self, call_id: str, from_tag: str, cseq: int) -> Worker | None:
        """The worker for an INVITE that starts a call; None if all are busy.

        Repeats of the INVITE, and its retry with credentials, come to the same worker; repeats of one that was
        refused stay refused, though a worker may have room by now: the caller has its 486 already.
        """
        key = call_key(call_id, from_tag)
        worker = self._known(self._inbound, key)
        if worker is None:
            if self._refused.get(key) == cseq:
                return None
            worker = self._pick()
            if worker is None:
                self._refused.put(key, cseq)
                return None
        self._take(worker, key, cseq)
        return worker

    def join(self, worker: Worker, call_id: str, from_tag: str, cseq: int) -> None:
        """Count an INVITE that must go to this worker, full or not: it replaces one of its calls (RFC 3891)."""
        self._take(worker, call_key(call_id, from_tag), cseq)

    def remember_outbound(self, worker: Worker, call_id: str, from_tag: str) -> None:
        """Note a dialog that a worker starts, so that requests of the far side find it."""
        self._outbound.put(call_key(call_id, from_tag), worker.token)

    def find(self, call_id: str, far_tag: str, near_tag: str = "") -> Worker | None:
        """The worker that has a dialog.

        Args:
            call_id: its Call-ID.
            far_tag: tag of the party outside.
            near_tag: the worker's tag; "" while there is none (CANCEL).
        """
        worker = self._known(self._inbound, call_key(call_id, far_tag))
        if worker is None and near_tag:
            worker = self._known(self._outbound, call_key(call_id, near_tag))
        return worker

    def answered(self, worker: Worker, call_id: str, from_tag: str) -> None:
        """A worker answered an INVITE with 2xx."""
        call = worker._open.get(call_key(call_id, from_tag))
        if call is not None:
            call.answered = True

    def failed(self, worker: Worker, call_id: str, from_tag: str, cseq: int) -> None:
        """A worker refused an INVITE. Only the one that started the call ends it: a refused re-INVITE does not."""
        key = call_key(call_id, from_tag)
        call = worker._open.get(key)
        if call is not None and call.cseq == cseq and not call.answered:
            del worker._open[key]

    def ended(self, worker: Worker, call_id: str, far_tag: str) -> None:
        """A BYE was answered."""
        worker._open.pop(call_key(call_id, far_tag), None)

    def _known(self, table: FadingTable[str], key: bytes) -> Worker | None:
        token = table.get(key)
        return None if token is None else self._workers.get(token)

    def _pick(self) -> Worker | None:
        """The worker with the fewest calls; among equals the one whose last new call is longest ago."""
        self._forget_old()
        if self._max_calls is not None and self.calls >= self._max_calls:
            return None
        free = [worker for worker in self._workers.values() if worker.has_room]
        return min(free, key=lambda worker: (worker.calls, worker._turn), default=None)

    def _take(self, worker: Worker, key: bytes, cseq: int) -> None:
        self._inbound.put(key, worker.token)
        call = worker._open.get(key)
        if call is None:
            self._turns += 1
            worker._turn = self._turns
            worker._open[key] = _Open(cseq, self._clock())
        elif cseq > call.cseq and not call.answered:
            call.cseq = cseq

    def _forget_old(self) -> None:
        now_s = self._clock()
        if now_s - self._swept_s < SWEEP_S:
            return
        self._swept_s = now_s
        for worker in self._workers.values():
            for key, call in list(worker._open.items()):
                if now_s - call.since_s > (self._longest_s if call.answered else self._unanswered_s):
                    del worker._open[key]
