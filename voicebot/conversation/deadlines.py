"""Named deadlines of a conversation, in milliseconds of the clock that the driver hands in."""

from __future__ import annotations


class Deadlines:
    """A handful of timers without a clock: set, clear, and ask which passed."""

    def __init__(self) -> None:
        self._at_ms: dict[str, float] = {}

    def set(self, name: str, at_ms: float) -> None:
        """Set or move a deadline."""
        self._at_ms[name] = at_ms

    def set_once(self, name: str, at_ms: float) -> None:
        """Set a deadline unless it runs already."""
        self._at_ms.setdefault(name, at_ms)

    def clear(self, *names: str) -> None:
        """Remove deadlines; unknown names are fine."""
        for name in names:
            self._at_ms.pop(name, None)

    def clear_all(self) -> None:
        """Remove every deadline."""
        self._at_ms.clear()

    def keep(self, name: str, running: bool, at_ms: float) -> None:
        """Let a deadline run exactly while ``running`` is true, from when that began."""
        if running:
            self.set_once(name, at_ms)
        else:
            self.clear(name)

    def next_ms(self) -> float | None:
        """Return the earliest deadline, None if there is none."""
        return min(self._at_ms.values(), default=None)

    def left_ms(self, now_ms: float) -> dict[str, float]:
        """Return how long each deadline has still to run."""
        return {name: at_ms - now_ms for name, at_ms in self._at_ms.items()}

    def pop_due(self, now_ms: float) -> list[str]:
        """Remove and return the deadlines that have passed, the earliest first."""
        due = sorted((at_ms, name) for name, at_ms in self._at_ms.items() if at_ms <= now_ms)
        for _, name in due:
            del self._at_ms[name]
        return [name for _, name in due]
