"""Makes the library's conference bridge follow a plan of who hears whom. For the SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import pjsua2 as pj

from telephony.line.library import explain
from voicebot.supervision.mixing import Way

logger = logging.getLogger(__name__)


def mix(plan: Iterable[Way], speakers: Mapping[str, pj.AudioMedia], hearers: Mapping[str, pj.AudioMedia]) -> None:
    """Let everybody hear those whom the plan names, and nobody else of those who are here.

    The library mixes the audio itself, so a supervised call costs no Python. A party without a stream (on hold) is
    left out; the plan is carried out again when it has one.

    Args:
        plan: who hears whom.
        speakers: the parties that can be heard.
        hearers: the parties that can hear.
    """
    wanted = frozenset(plan)
    for speaker, source in speakers.items():
        for hearer, sink in hearers.items():
            if speaker == hearer:
                continue
            try:
                if (speaker, hearer) in wanted:
                    source.startTransmit(sink)
                else:
                    source.stopTransmit(sink)
            except pj.Error as error:
                # Not connected, or a stream that ends right now: its new state is told, and mixed, next.
                logger.debug("%s to %s: %s", speaker, hearer, explain(error))
