from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.storage.stored import MOBILE, START, Clock, block_order, storage, text_order
from voicebot.errors import NumberBlockedError, StorageError
from voicebot.storage.outbox import MessageState
from voicebot.storage.outgoing import OutgoingCall
from voicebot.storage.spool import Order

OLD_LINES = (
    {
        "at": "2026-11-20T10:00:00.000+00:00",
        "call_id": "c8",
        "party": "1000",
        "instruction": "system_shortmessage",
        "parameters": {"mobile": "13900139000", "signature_id": "47", "template_id": "30"},
    },
    {
        "at": "2026-11-20T10:00:01.000+00:00",
        "call_id": "c9",
        "party": MOBILE,
        "instruction": "system_blacklist_event",
        "parameters": {},
    },
)


def test_orders_move_from_the_spool_into_the_database(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        text, block = text_order(), block_order()
        opened.spool.write(text)
        opened.spool.write(block)
        assert opened.import_orders() == 2
        assert list(opened.spool.orders()) == []
        (message,) = opened.outbox.messages()
        assert (message.id, message.mobile, message.call_id, message.session_id) == (text.id, MOBILE, "c1", "s1")
        assert (message.signature_id, message.template_id, message.line) == ("47", "30", "desk")
        assert (message.state, message.created_at) == (MessageState.WAITING, START)
        (entry,) = opened.blacklist.entries()
        assert (entry.number, entry.reason, entry.source, entry.call_id) == (MOBILE, "bot desk", "call", "c1")


def test_an_order_that_was_not_deleted_in_time_is_there_once(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        orders = [text_order(), block_order()]
        for _ in range(2):
            for order in orders:
                opened.spool.write(order)
            opened.import_orders()
        assert len(opened.outbox.messages()) == 1
        assert len(opened.blacklist.history(MOBILE)) == 1


def test_without_a_number_the_message_is_for_the_caller(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.spool.write(text_order(" ", party=f"+86{MOBILE}"))
        opened.import_orders()
        assert [message.mobile for message in opened.outbox.messages()] == [MOBILE]


@pytest.mark.parametrize("party", ["", "anonymous"])
def test_a_caller_without_a_number(tmp_path: Path, party: str, caplog: pytest.LogCaptureFixture) -> None:
    with storage(tmp_path) as opened:
        opened.spool.write(text_order("", party=party, call_id="c7"))
        opened.spool.write(block_order(party, call_id="c7"))
        opened.import_orders()
        (message,) = opened.outbox.messages()
        assert (message.state, message.last_error) == (MessageState.GIVEN_UP, "no_number")
        assert opened.blacklist.entries() == []
        assert caplog.text.count("call c7 ordered") == 2


def test_an_order_that_nobody_knows_is_put_aside(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.spool.write(Order("system_dance", {}))
        opened.spool.write(text_order())
        assert opened.import_orders() == 1
        assert len(list((tmp_path / "outbox" / "bad").iterdir())) == 1


def test_while_the_database_is_away_orders_wait(tmp_path: Path) -> None:
    (tmp_path / "voicebot.db").mkdir()
    with storage(tmp_path) as opened:
        opened.spool.write(text_order())
        with pytest.raises(StorageError):
            opened.import_orders()
        assert len(list(opened.spool.orders())) == 1
        (tmp_path / "voicebot.db").rmdir()
        assert opened.import_orders() == 1


def test_a_blocked_number_is_refused_a_second_after_the_order(tmp_path: Path) -> None:
    with storage(tmp_path) as opened:
        opened.refuse_blocked(MOBILE)
        opened.spool.write(block_order(f"+86{MOBILE}"))
        with pytest.raises(NumberBlockedError, match=r"since 2026-11-21: bot desk") as raised:
            opened.refuse_blocked(f"sip:0086{MOBILE}@pbx.example")
        assert raised.value.code == "blacklisted"
        assert MOBILE not in raised.value.message
        opened.refuse_blocked("13800138001")


def test_when_the_database_cannot_tell_nobody_is_dialled(tmp_path: Path) -> None:
    (tmp_path / "voicebot.db").mkdir()
    with storage(tmp_path) as opened, pytest.raises(StorageError):
        opened.refuse_blocked(MOBILE)


def test_the_file_of_earlier_versions_is_taken_over_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = [json.dumps(line) for line in OLD_LINES]
    old = tmp_path / "outbox.jsonl"
    old.write_text("\n".join([lines[0], "{damaged", lines[1], ""]))
    with storage(tmp_path, Clock()) as opened:
        for _ in range(2):
            opened.import_orders()
        (message,) = opened.outbox.messages()
        assert (message.mobile, message.state) == ("13900139000", MessageState.KEPT)
        assert opened.blacklist.find(MOBILE, START) is not None
        assert not old.exists()
        assert "outbox.jsonl:2 cannot be read" in caplog.text
        # As if the service had been killed before it could rename the file.
        (tmp_path / "outbox.jsonl.imported").rename(old)
        opened.import_orders()
        assert len(opened.outbox.messages()) == 1
        assert len(opened.blacklist.history(MOBILE)) == 1


@pytest.mark.parametrize(
    ("dialling", "scope", "ends"),
    [
        ({}, "all", None),
        ({"opt_out_scope": "campaign"}, "campaign:autumn", None),
        ({"opt_out_scope": "campaign", "opt_out_days": 30}, "campaign:autumn", START + timedelta(days=30)),
        ({"opt_out_days": 365}, "all", START + timedelta(days=365)),
    ],
)
def test_for_whom_and_for_how_long_a_bot_blocks_a_number(
    tmp_path: Path, dialling: dict[str, Any], scope: str, ends: datetime | None
) -> None:
    with storage(tmp_path, dialling=dialling) as opened:
        campaign = opened.campaigns.create("autumn", "{}", "running", START)
        opened.outgoing.add(OutgoingCall("o1", "+8613800138000", "desk", START, campaign.id, call_id="c1"))
        opened.spool.write(block_order())
        opened.spool.write(block_order("13900139000", call_id="somebody called us"))
        opened.import_orders()
        made, other = opened.blacklist.entries()
        assert (made.number, made.scope, made.expires_at) == (MOBILE, scope, ends)
        assert (other.scope, other.expires_at) == ("all", ends)
