"""Logging of all processes of the service: one line an event, on stderr."""

from __future__ import annotations

import logging
import sys

from voicebot.settings.model import LogSettings


def set_up_logging(settings: LogSettings, process: str) -> None:
    """Send log lines to stderr, with time, level and the name of the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)-7s {process:<8} %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    # Libraries that are chatty at "info", one of them with what callers say.
    for name in ("faster_whisper", "piper", "jieba", "aiohttp.access", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
