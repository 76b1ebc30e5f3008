"""Where a moment lies in the picture, and how texts that lie beside each other find room."""

from __future__ import annotations

from dataclasses import dataclass, field

GUTTER_PX = 122.0
MARGIN_PX = 14.0
_LEAST_WIDTH_PX = 1000.0
_LEAST_PX_PER_S = 42.0
_MOST_PX_PER_S = 260.0
_ROW_GAP_PX = 8.0
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
_LEAST_STEP_PX = 55.0


@dataclass(frozen=True, slots=True)
class Scale:
    """The part of a call that is drawn.

    Attributes:
        from_ms, to_ms: its ends, since the answer.
    """

    from_ms: float
    to_ms: float

    @property
    def px_per_ms(self) -> float:
        """How wide a millisecond is: the whole fills a page, and a long call makes a wide picture."""
        room_px = _LEAST_WIDTH_PX - GUTTER_PX - MARGIN_PX
        per_s = room_px / max(self.to_ms - self.from_ms, 1.0) * 1000
        return min(max(per_s, _LEAST_PX_PER_S), _MOST_PX_PER_S) / 1000

    @property
    def width_px(self) -> float:
        """Of the picture."""
        return max(self.right_px + MARGIN_PX, _LEAST_WIDTH_PX)

    @property
    def right_px(self) -> float:
        """Where the last moment lies."""
        return GUTTER_PX + (self.to_ms - self.from_ms) * self.px_per_ms

    @property
    def step_s(self) -> float:
        """Between two marks of the axis."""
        return next((step for step in _STEPS_S if step * 1000 * self.px_per_ms >= _LEAST_STEP_PX), _STEPS_S[-1])

    def x(self, at_ms: float) -> float:
        """Return where a moment lies; those outside lie at the edge."""
        return GUTTER_PX + (min(max(at_ms, self.from_ms), self.to_ms) - self.from_ms) * self.px_per_ms

    def shows(self, start_ms: float, end_ms: float | None = None) -> bool:
        """Tell whether any of a stretch is drawn."""
        return start_ms <= self.to_ms and (start_ms if end_ms is None else end_ms) >= self.from_ms


@dataclass(slots=True)
class Rows:
    """Rows of texts under each other; each text takes the first row in which it has room."""

    _ends_px: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._ends_px)

    def place(self, x: float, width: float) -> int:
        """Return the row for a text that begins at ``x``."""
        for row, end_px in enumerate(self._ends_px):
            if end_px + _ROW_GAP_PX <= x:
                self._ends_px[row] = x + width
                return row
        self._ends_px.append(x + width)
        return len(self._ends_px) - 1
