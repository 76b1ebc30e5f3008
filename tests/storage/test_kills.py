"""Nothing that a bot ordered is lost or doubled when a process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.stored import block_order, storage, text_order

ROOT = Path(__file__).parents[2]


def doomed(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.storage.doomed_process", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="ascii")


@pytest.mark.parametrize("written", [1, 7, 40])
def test_a_killed_writer_loses_nothing_that_it_has_kept(tmp_path: Path, written: int) -> None:
    with doomed("write", tmp_path) as process:
        assert process.stdout is not None
        kept = [process.stdout.readline().strip() for _ in range(written)]
        process.kill()
        kept += process.stdout.read().split()
        assert process.wait() == -signal.SIGKILL
    with storage(tmp_path) as opened:
        count = opened.import_orders()
        found = {message.id for message in opened.outbox.messages()}
    assert set(kept) <= found
    # The one that it was about to name, at most.
    assert len(kept) <= count == len(found) <= len(kept) + 1
    assert not (tmp_path / "outbox" / "bad").exists()


@pytest.mark.parametrize("imported", [0, 5])
def test_a_killed_import_goes_on_where_it_ended(tmp_path: Path, imported: int) -> None:
    with storage(tmp_path) as opened:
        orders = [text_order() for _ in range(8)] + [block_order()]
        for order in orders:
            opened.spool.write(order)
        with doomed("import", tmp_path, imported) as process:
            assert process.wait() == -signal.SIGKILL
        assert len(list(opened.spool.orders())) == len(orders) - imported
        opened.import_orders()
        assert {message.id for message in opened.outbox.messages()} == {order.id for order in orders[:-1]}
        assert len(opened.outbox.messages()) == len(orders) - 1
        assert len(opened.blacklist.history(orders[-1].party)) == 1
        assert list(opened.spool.orders()) == []
