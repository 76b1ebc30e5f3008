from __future__ import annotations

from pathlib import Path

import pytest

from tests.storage.stored import MOBILE, block_order, storage
from voicebot.cli.main import main


def blacklist(data: Path, *arguments: str) -> int:
    return main(["blacklist", *arguments, "--set", f"paths.data={data}"])


def test_from_free_to_blocked_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert blacklist(tmp_path, "check", MOBILE) == 0
    assert blacklist(tmp_path, "add", f"+86 {MOBILE}", "--reason", "asked for it") == 0
    assert blacklist(tmp_path, "check", f"0086{MOBILE}") == 1
    assert blacklist(tmp_path, "add", MOBILE, "--reason", "wrote a letter") == 0
    assert blacklist(tmp_path, "remove", f"86{MOBILE}") == 0
    assert blacklist(tmp_path, "check", MOBILE) == 0
    assert blacklist(tmp_path, "remove", MOBILE) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{MOBILE} may be dialled"
    assert out[1] == f"{MOBILE} is on the blacklist now"
    assert out[2].startswith(f"{MOBILE}: the number is on the blacklist since ")
    assert out[2].endswith(": asked for it")
    assert out[3:] == [
        f"{MOBILE} is on the blacklist already; the reason is new",
        f"{MOBILE} may be dialled again",
        f"{MOBILE} may be dialled",
        f"{MOBILE} was not on the blacklist",
    ]


def test_the_list_has_what_bots_ordered_a_moment_ago(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with storage(tmp_path) as opened:
        opened.spool.write(block_order())
    assert blacklist(tmp_path, "list") == 0
    cells = capsys.readouterr().out.rstrip("\n").split("\t")
    assert cells == [MOBILE, "2026-11-21T10:00:00+00:00", "call", "c1", "bot desk"]


def test_what_is_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert blacklist(tmp_path, "add", "anonymous") == 2
    assert capsys.readouterr().err == "error: 'anonymous' is no number\n"


def test_a_wrong_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "voicebot.db").mkdir()
    assert blacklist(tmp_path, "list") == 1
    assert capsys.readouterr().err.startswith("error: the database cannot be used: ")
    assert blacklist(tmp_path, "list", "--set", "storage.url=oracle://x/y") == 2
    assert "storage.url" in capsys.readouterr().err
