from __future__ import annotations

import pytest

from tests.telephony.edge.bench import Bench


@pytest.fixture
def bench() -> Bench:
    """An edge without sockets, with one worker "w1" that takes two calls."""
    return Bench()
