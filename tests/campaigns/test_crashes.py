"""The service dies at any transaction, again and again: no number is lost, none is called once too often."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.campaigns.world import NAME, Process, Time, World, copy_of, prepare, result_of, wanted_calls
from tests.campaigns.world import settings as settings_of
from voicebot.campaigns.ending import EndRules
from voicebot.settings.dialling import DiallingSettings
from voicebot.storage.outgoing import ContactState
from voicebot.storage.store import Storage

NUMBERS = 4

pytestmark = pytest.mark.timeout(90)  # hundreds of transactions, each flushed to the disk


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("template") / "data"
    prepare(folder, NUMBERS)
    yield folder
    shutil.rmtree(folder)


def check(data: Path, world: World) -> int:
    """Compare the report with the world; how many calls have no known end."""
    storage = Storage(settings_of(data), Time())
    try:
        campaign = storage.campaigns.find(NAME)
        assert campaign is not None
        contacts, calls = list(storage.campaigns.contacts(campaign)), storage.outgoing.of_campaign(campaign.id)
    finally:
        storage.close()
    assert len(contacts) == NUMBERS
    unknown = 0
    for contact in contacts:
        outcomes = [call.outcome for call in calls if call.contact_id == contact.id]
        lost = outcomes.count("unknown")
        unknown += lost
        assert contact.state is ContactState.DONE
        assert contact.attempts == len(outcomes)
        # A call that was to begin when the process died has rung, or not; nobody can know.
        assert len(outcomes) - lost <= world.rung[contact.number] <= len(outcomes)
        assert world.rung[contact.number] <= wanted_calls(contact.number)
        own = EndRules(DiallingSettings()).end_of(result_of(contact.number)).outcome.value
        assert set(outcomes) <= {own, "unknown"}
        if not lost:
            assert world.rung[contact.number] == wanted_calls(contact.number)
    assert {call.id for call in calls} >= set(world.orders)
    return unknown


def test_without_a_crash_every_call_has_its_end(template: Path, tmp_path: Path) -> None:
    data = copy_of(template, tmp_path / "data")
    world = World(data)
    assert Process(data, world, Time(), random.Random(1)).live()
    assert check(data, world) == 0


@given(
    deaths=st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=3),
    seed=st.integers(0, 10_000),
)
@example(deaths=[(1, False)], seed=0)
@example(deaths=[(4, True), (2, True), (2, False)], seed=0)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_lost_or_doubled(template: Path, deaths: list[tuple[int, bool]], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = copy_of(template, Path(folder) / "data")
        world, time, chance = World(data), Time(), random.Random(seed)
        for dies_at, committed in deaths:
            if Process(data, world, time, chance, dies_at, committed).live():
                break
        else:
            assert Process(data, world, time, chance).live()
        check(data, world)


def test_one_run_dies_at_many_points(template: Path, tmp_path: Path) -> None:
    """The same run, dying at many of its first transactions in turn, before and after the commit."""
    whole = Process(copy_of(template, tmp_path / "whole"), World(tmp_path / "whole"), Time(), random.Random(7))
    assert whole.live()
    assert whole.transactions > 40
    for dies_at in range(1, 41, 4):
        committed = dies_at % 8 == 1
        data = copy_of(template, tmp_path / f"{dies_at}")
        world, time, chance = World(data), Time(), random.Random(7)
        assert not Process(data, world, time, chance, dies_at, committed).live()
        assert Process(data, world, time, chance).live()
        assert check(data, world) <= 3
