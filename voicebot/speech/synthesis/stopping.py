"""Stop a model in the middle of its work: a clause nobody waits for any more must not keep a core for a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import onnxruntime

_FATAL_ALONE = 4  # onnxruntime's log levels; being stopped is no error worth a line on stderr


class _Current(threading.local):
    options: onnxruntime.RunOptions | None = None


_current = _Current()


class StopSwitch:
    """Ends what the sessions of ``open_session`` compute on a thread.

    onnxruntime looks at it between two nodes of a model (``RunOptions.terminate``): a few milliseconds each.
    """

    def __init__(self) -> None:
        self._options = onnxruntime.RunOptions()
        self._options.log_severity_level = _FATAL_ALONE

    def stop(self) -> None:
        """End it, and whatever would begin under this switch; from any thread."""
        self._options.terminate = True

    @contextmanager
    def governing(self) -> Iterator[None]:
        """Have this switch govern what the thread computes."""
        with _governed_by(self._options):
            yield


@contextmanager
def not_to_be_stopped() -> Iterator[None]:
    """Do work of the thread that others need as well, whoever stops waiting for it."""
    with _governed_by(None):
        yield


class StoppableSession(onnxruntime.InferenceSession):  # type: ignore[misc] # the library has no types
    """A session that a ``StopSwitch`` can stop; it then raises an exception of onnxruntime."""

    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: dict[str, Any],
        run_options: onnxruntime.RunOptions | None = None,
    ) -> Any:
        """Compute outputs; see ``InferenceSession.run``."""
        return super().run(output_names, input_feed, run_options or _current.options)


@contextmanager
def _governed_by(options: onnxruntime.RunOptions | None) -> Iterator[None]:
    before, _current.options = _current.options, options
    try:
        yield
    finally:
        _current.options = before
