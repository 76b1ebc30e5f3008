"""The formats of audio files, and how they are asked for."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.server.failures import Refusal

RATES_HZ = (8000, 16000)


class AudioFormat(enum.Enum):
    """A format of audio files, by the name it is asked for."""

    WAV = "wav"
    """16-bit PCM in a WAV file."""
    PCMU = "pcmu"
    """G.711 μ-law in a WAV file, so that every player knows what it is."""
    PCMA = "pcma"
    """G.711 A-law in a WAV file."""
    MP3 = "mp3"

    @property
    def content_type(self) -> str:
        """The media type of a file."""
        return "audio/mpeg" if self is AudioFormat.MP3 else "audio/wav"


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the files of a sentence.

    Attributes:
        name: the sentence, see ``AudioAddresses``.
        rate_hz: 8000 or 16000.
        format: how the sound is written.
    """

    name: str
    rate_hz: int
    format: AudioFormat

    @property
    def key(self) -> str:
        """A name for this file alone."""
        return f"{self.name}-{self.rate_hz}-{self.format.value}"


def wanted_variant(name: str, extension: str, query: Mapping[str, str]) -> Variant:
    """Read which file is wanted: ``rate`` and ``format`` of the query, else 8000 and what the extension says.

    Raises:
        Refusal: 400, with the parameter that is wrong.
    """
    rate = query.get("rate", str(RATES_HZ[0]))
    if rate not in map(str, RATES_HZ):
        raise Refusal(400, "bad_request", "rate: expected 8000 or 16000", "rate")
    try:
        audio_format = AudioFormat(query.get("format", extension))
    except ValueError:
        names = ", ".join(known.value for known in AudioFormat)
        raise Refusal(400, "bad_request", f"format: expected one of {names}", "format") from None
    return Variant(name, int(rate), audio_format)
