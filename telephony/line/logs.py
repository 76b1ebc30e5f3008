"""The library's own log lines, sent to Python's logging."""

from __future__ import annotations

import logging
import re

import pjsua2 as pj

logger = logging.getLogger("telephony.line.pjsip")

# Levels of pjsip: 1 error, 2 warning, 3 info (names who is called), 4 and up debug.
QUIET_LEVEL = 2
CONTENT_LEVEL = 4
# Its errors are raised to us as well, and told in our words where they matter.
_LEVELS = {0: logging.CRITICAL, 1: logging.WARNING, 2: logging.INFO, 3: logging.INFO}
_ADDRESS = re.compile(r"(sips?|tel):[^\s>;\"@]*", re.IGNORECASE)


def scrub(text: str) -> str:
    """Take user parts and numbers out of the SIP and tel addresses in a text."""
    return _ADDRESS.sub(r"\1:…", text)


class LogWriter(pj.LogWriter):
    """Called by the library on any of its threads.

    Args:
        content: let addresses through.
    """

    def __init__(self, content: bool) -> None:
        super().__init__()
        self._content = content

    def write(self, entry: pj.LogEntry) -> None:
        """Pass one line on."""
        text = entry.msg.strip()
        logger.log(_LEVELS.get(entry.level, logging.DEBUG), "%s", text if self._content else scrub(text))
