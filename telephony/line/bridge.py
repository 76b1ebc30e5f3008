"""Two calls of ours as one conversation: audio both ways, digits forwarded. For the SIP thread only.

The library mixes the audio itself, so that a bridged call costs no Python; our own port of the caller goes on
listening, and gets what the target says as well, for the recording.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pjsua2 as pj

from telephony.line.config import SendDigits
from telephony.line.library import explain
from telephony.line.library_call import LibraryCall
from telephony.line.media_port import MediaPort
from telephony.line.pump import FramePump

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two calls.

    Attributes:
        call: the call, None once it is gone.
        media_index: its audio stream; below 0 while there is none to connect.
        port: our own port beside it.
    """

    call: LibraryCall | None
    media_index: int
    port: MediaPort | None

    @property
    def audio(self) -> pj.AudioMedia | None:
        """The stream in the library's conference bridge, None while it does not flow."""
        if self.call is None or self.media_index < 0:
            return None
        return self.call.getAudioMedia(self.media_index)


class Bridge:
    """Joins the calls of a caller and a target.

    Args:
        caller, target: the two sides as they are right now.
        caller_pump, target_pump: the audio of our own ports.
        send_digits: how keys are passed on.
    """

    def __init__(
        self,
        caller: Callable[[], Side],
        target: Callable[[], Side],
        caller_pump: FramePump,
        target_pump: FramePump,
        send_digits: SendDigits = "auto",
    ) -> None:
        self._sides = caller, target
        self._send_digits = send_digits
        target_pump.relay = caller_pump

    def connect(self) -> None:
        """Let audio flow between the two; to be repeated when one of them has a new stream.

        Without a stream on one side (hold) nothing is connected, and the other hears silence.
        """
        caller, target = (side() for side in self._sides)
        one, other = caller.audio, target.audio
        for audio, port in ((one, caller.port), (other, target.port)):
            if audio is not None and port is not None:
                port.only_listen(audio)
        if one is not None and other is not None:
            one.startTransmit(other)
            other.startTransmit(one)

    def forward(self, digit: str, *, from_caller: bool) -> None:
        """Send a key that one side pressed to the other."""
        side = self._sides[1 if from_caller else 0]()
        if side.call is None or side.media_index < 0:
            return
        try:
            side.call.send_digits(digit, self._send_digits)
        except pj.Error as error:
            logger.info("a key could not be forwarded in call %s: %s", side.call.call_id, explain(error))
