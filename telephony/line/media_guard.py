"""Guards the audio of one call: who sends it, and whether it still comes. For the SIP thread only."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import pjsua2 as pj

from telephony.line.config import UserAgentConfig
from telephony.line.endpoint import SipThread, Timer
from telephony.line.library import explain
from telephony.line.library_call import AudioPath, LibraryCall, MediaState, StreamStats
from telephony.line.media_watch import MediaWatch
from telephony.line.source_filter import Allowed, SourceFilter, open_filters
from telephony.line.source_lock import SourceLock

logger = logging.getLogger(__name__)

WATCH_S = 1.0
LEARN_S = 0.1
# A far side that is silent for long is looked for less often.
LEARN_QUICKLY_S = 5.0


@functools.lru_cache(maxsize=8)
def _tell_once(why: str) -> None:
    """Say it for the first call only: it is so for all of them."""
    logger.warning("The source of calls' audio cannot be locked, the library's own check stands: %s", why)


class MediaGuard:
    """Locks a call's audio to its source, and tells when nothing came for too long.

    Args:
        sip: the thread.
        config: time limits, and whether to lock.
        on_silent: told when the limit is reached, with the seconds of silence.
    """

    def __init__(self, sip: SipThread, config: UserAgentConfig, on_silent: Callable[[float], None]) -> None:
        self.stats = StreamStats()
        self._ended = StreamStats()
        self._sip = sip
        self._locks = config.lock_source
        self._on_silent = on_silent
        self._watch = MediaWatch(config.first_media_timeout_s, config.media_timeout_s)
        self._call: LibraryCall | None = None
        self._media = MediaState()
        self._answered = False
        self._path: AudioPath | None = None
        self._lock: SourceLock | None = None
        self._filters: list[SourceFilter] = []
        self._refused_before = 0
        self._learnt_since_s = 0.0
        self._learning: Timer | None = None
        self._watching: Timer | None = None

    def negotiated(self, call: LibraryCall, media: MediaState) -> None:
        """The audio was negotiated: the first time, or anew."""
        self._call, self._media = call, media
        self._watch.reset()
        if self._locks and media.active:
            self._aim(call.audio_path(media.index))

    def answered(self) -> None:
        """The call is up: from now on audio is due. What came before the answer may have come from elsewhere."""
        if not self._answered:
            self._answered = True
            self._watching = self._sip.call_later(WATCH_S, self._check)
            if self._lock is not None and self._lock.locked and self._path is not None:
                self._begin(self._path)

    def stream_ended(self, stats: StreamStats) -> None:
        """Keep the last figures of a stream; another may follow, as after a hold."""
        self._ended = self.stats = self._ended.followed_by(replace(stats, foreign=self._refused))

    def close(self) -> None:
        """Watch no more, and let go of the sockets."""
        for timer in (self._learning, self._watching):
            if timer is not None:
                timer.cancel()
        self._learning = self._watching = None
        self._release()
        self._call = None

    # --- the source

    @property
    def _refused(self) -> int:
        return self._refused_before + (self._filters[0].refused if self._filters else 0)

    def _aim(self, path: AudioPath) -> None:
        """Begin to learn, unless the far side only repeats where its audio comes from."""
        before, self._path = self._path, path
        if before == replace(path, source=before.source if before is not None else None) and self._filters:
            self._go_on()
            return
        if before is None or before.local_port != path.local_port or not self._filters:
            self._release()
            try:
                self._filters = open_filters(path.local_port, path.local_port + 1)
            except OSError as error:
                self._give_up(error)
                return
        self._begin(path)

    def _begin(self, path: AudioPath) -> None:
        if path.target is None:
            self._apply(None)
            self._release()
            return
        self._lock = SourceLock(path.target)
        self._apply(self._lock.allowed)
        self._learnt_since_s = time.monotonic()
        self._go_on()

    def _go_on(self) -> None:
        """Learn as long as nothing is locked; it stops while the call is on hold."""
        if self._learning is None and self._lock is not None and not self._lock.locked:
            quickly = time.monotonic() - self._learnt_since_s < LEARN_QUICKLY_S
            self._learning = self._sip.call_later(LEARN_S if quickly else WATCH_S, self._learn)

    def _learn(self) -> None:
        self._learning = None
        call, lock = self._call, self._lock
        if call is None or lock is None or not self._filters or not self._media.active:
            return
        before = lock.allowed
        received = call.stream_stats(self._media.index).received
        source = call.audio_path(self._media.index).source
        lock.feed(source, received, self._filters[0].refused, time.monotonic())
        if lock.allowed != before:
            self._apply(lock.allowed)
        self._go_on()

    def _apply(self, allowed: Allowed | None) -> None:
        try:
            for index, source_filter in enumerate(self._filters):
                # Reports come from the same host, by whatever port.
                source_filter.allow(allowed if index == 0 or allowed is None else Allowed(allowed.host))
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        _tell_once(str(error))
        self._locks = False
        self._release()

    def _release(self) -> None:
        self._refused_before = self._refused
        for source_filter in self._filters:
            source_filter.close()
        self._filters = []
        self._lock = None

    # --- silence

    def _check(self) -> None:
        """Look whether audio still comes; silence is no fault while one of the two is on hold."""
        call = self._call
        if call is None:
            return
        self._watching = self._sip.call_later(WATCH_S, self._check)
        if self._media.index < 0:
            return
        try:
            current = replace(call.stream_stats(self._media.index), foreign=self._refused)
            self.stats = self._ended.followed_by(current)
        except pj.Error as error:
            logger.debug("call %s has no stream just now: %s", call.call_id, explain(error))
            return
        if not self._media.receives:
            self._watch.reset()
        elif self._watch.feed(self.stats.received + self.stats.reports, time.monotonic()):
            quiet_s = self._watch.quiet_s
            self._watch.reset()
            self._on_silent(quiet_s)
