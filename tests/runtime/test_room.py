"""How many calls a line worker takes."""

from __future__ import annotations

import pytest

from voicebot.runtime.room import callers_in_worker, free_places
from voicebot.settings.sip import SipSettings
from voicebot.settings.supervision import SupervisionSettings


@pytest.mark.parametrize(
    ("library", "wanted", "reserve", "callers"),
    [
        (4, 0, False, 2),
        (4, 0, True, 1),
        (4, 3, True, 3),
        (4, 9, False, 4),
        (1, 0, False, 1),
        (1, 0, True, 1),
        (64, 0, True, 21),
    ],
)
def test_callers_leave_room_for_a_transfer_and_a_supervisor(
    library: int, wanted: int, reserve: bool, callers: int
) -> None:
    found = callers_in_worker(SipSettings(calls_per_worker=wanted), SupervisionSettings(reserve=reserve), library)
    assert found == callers


@pytest.mark.parametrize(
    ("used", "callers", "most", "free"),
    [(1, 1, 2, 2), (2, 2, 2, 2), (3, 1, 2, 0), (4, 2, 2, 0), (1, 1, 4, 0), (4, 4, 4, 0)],
)
def test_places_of_callers_who_may_yet_come_are_kept(used: int, callers: int, most: int, free: int) -> None:
    assert free_places(4, used, callers, most) == free
