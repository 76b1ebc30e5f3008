"""The tones of telephone networks: frequencies and rhythm, and what they say.

ITU-T E.180/Q.35 and its list of national tones (Supplement 2 of E.180, Operational Bulletin 781): China (GB/T 3380),
North America, United Kingdom, and the 425 Hz tones of most of Europe and Latin America.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telephony.announcements.outcome import Category


@dataclass(frozen=True, slots=True)
class Cadence:
    """A tone and its rhythm.

    Attributes:
        name: country and meaning.
        category: what it says.
        frequencies_hz: one tone, or the two of a pair.
        pattern_ms: tone and pause by turns; a single number is a tone without pauses, that long at least.
        repeats: how often it must be heard before it counts.
    """

    name: str
    category: Category
    frequencies_hz: tuple[float, ...]
    pattern_ms: tuple[int, ...]
    repeats: int = 1


_BUSY, _CONGESTION, _RINGING = Category.BUSY, Category.NETWORK_BUSY, Category.RINGING
_VACANT = Category.NO_SUCH_NUMBER

CADENCES: Sequence[Cadence] = (
    Cadence("cn ring-back", _RINGING, (450,), (1000, 4000)),
    Cadence("cn call waiting", _RINGING, (450,), (400, 4000)),
    Cadence("cn busy", _BUSY, (450,), (350, 350), 2),
    Cadence("cn congestion", _CONGESTION, (450,), (700, 700), 2),
    Cadence("cn vacant number", _VACANT, (450,), (100, 100, 100, 100, 100, 100, 400, 400)),
    Cadence("us ring-back", _RINGING, (440, 480), (2000, 4000)),
    Cadence("us busy", _BUSY, (480, 620), (500, 500), 2),
    Cadence("us reorder", _CONGESTION, (480, 620), (250, 250), 2),
    Cadence("gb ring-back", _RINGING, (400, 450), (400, 200, 400, 2000)),
    Cadence("gb busy", _BUSY, (400,), (375, 375), 2),
    Cadence("gb congestion", _CONGESTION, (400,), (400, 350, 225, 525)),
    Cadence("gb number unobtainable", _VACANT, (400,), (3000,)),
    Cadence("eu ring-back", _RINGING, (425,), (1000, 4000)),
    Cadence("es ring-back", _RINGING, (425,), (1500, 3000)),
    Cadence("fr ring-back", _RINGING, (440,), (1500, 3500)),
    Cadence("eu busy", _BUSY, (425,), (500, 500), 2),
    Cadence("es busy", _BUSY, (425,), (200, 200), 3),
    Cadence("fr busy", _BUSY, (440,), (500, 500), 2),
    Cadence("eu congestion", _CONGESTION, (425,), (250, 250), 2),
)
"""Where two could be meant, the one further up."""
