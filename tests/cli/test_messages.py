from __future__ import annotations

from pathlib import Path

import pytest

from tests.storage.stored import MOBILE, START, message, storage, text_order
from voicebot.cli.main import main
from voicebot.storage.outbox import MessageState

WEBHOOK = [
    *("--set", "short_messages.sender=webhook"),
    *("--set", "short_messages.webhook.url=http://127.0.0.1:9/"),
    *("--set", "short_messages.webhook.secret=s"),
]


def messages(data: Path, *arguments: str) -> int:
    return main(["messages", *arguments, "--set", f"paths.data={data}"])


def test_the_list_has_what_bots_ordered_a_moment_ago(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = text_order()
    with storage(tmp_path) as opened:
        opened.outbox.add(message("m1", state=MessageState.GIVEN_UP, attempts=8, last_error="http_503"))
        opened.spool.write(order)
    assert messages(tmp_path, "list") == 0
    rows = sorted(line.split("\t") for line in capsys.readouterr().out.splitlines())
    ordered = "2026-11-21T10:00:00+00:00"
    assert rows == sorted(
        [
            ["m1", "given_up", ordered, "8", "http_503", MOBILE, "47", "30", "c1"],
            [order.id, "waiting", ordered, "0", "-", MOBILE, "47", "30", "c1"],
        ]
    )
    assert messages(tmp_path, "list", "--state", "given_up") == 0
    assert capsys.readouterr().out.startswith("m1\tgiven_up\t")


def test_a_message_is_sent_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with storage(tmp_path) as opened:
        for name in ("m1", "m2", "m3"):
            opened.outbox.add(message(name, state=MessageState.GIVEN_UP, ended_at=START))
    assert messages(tmp_path, "retry", "m2", *WEBHOOK) == 0
    assert messages(tmp_path, "retry", "m2", *WEBHOOK) == 1
    assert messages(tmp_path, "retry", "--all", *WEBHOOK) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 message will be sent by the service",
        "0 messages will be sent by the service",
        "2 messages will be sent by the service",
    ]
    with storage(tmp_path) as opened:
        assert opened.outbox.counts()[MessageState.WAITING] == 3


@pytest.mark.parametrize("arguments", [["retry"], ["retry", "m1", "--all"]])
def test_which_messages_must_be_said(tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert messages(tmp_path, *arguments, *WEBHOOK) == 2
    assert "--all" in capsys.readouterr().err


def test_without_a_sender_nothing_is_sent_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert messages(tmp_path, "retry", "--all") == 2
    assert "short_messages.sender" in capsys.readouterr().err
