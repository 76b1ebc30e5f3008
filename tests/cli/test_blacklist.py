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
    cells = capsys.readouterr().out.removesuffix("\n").split("\t")
    assert cells == [MOBILE, "2026-11-21T10:00:00+00:00", "call", "c1", "bot desk", "all", ""]


def made_campaign(data: Path, name: str) -> None:
    (data / "plan.yaml").write_text("bot: appointment\nhours: {timezone: Asia/Shanghai}\n", encoding="utf-8")
    (data / "numbers.csv").write_text("number\n", encoding="utf-8")
    files = [str(data / "numbers.csv"), "--plan", str(data / "plan.yaml")]
    assert main(["campaign", "import", name, *files, "--set", f"paths.data={data}"]) == 0


def test_what_is_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert blacklist(tmp_path, "add", "anonymous") == 2
    assert capsys.readouterr().err == "error: 'anonymous' is no number\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "1380013800O"), "not a telephone number"),
        (("add", "1380013800"), "there is no such number"),
        (("check", "1380013800"), "there is no such number"),
        (("add", MOBILE, "--campaign", "autunm"), "there is no campaign 'autunm'"),
        (("check", MOBILE, "--campaign", "autunm"), "there is no campaign 'autunm'"),
        (("import", "refused.csv", "--campaign", "autunm"), "there is no campaign 'autunm'"),
    ],
)
def test_what_would_protect_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    made_campaign(tmp_path, "autumn")
    assert blacklist(tmp_path, *arguments) == 1
    assert told in capsys.readouterr().err
    assert blacklist(tmp_path, "list") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("day", "told"), [("2026-13-30", "is no day"), ("9999-12-31", "is no day"), ("2020-01-01", "2020-01-01 is over")]
)
def test_an_end_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str, told: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        blacklist(tmp_path, "add", MOBILE, "--until", day)
    assert told in capsys.readouterr().err


def test_a_wrong_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "voicebot.db").mkdir()
    assert blacklist(tmp_path, "list") == 1
    assert capsys.readouterr().err.startswith("error: the database cannot be used: ")
    assert blacklist(tmp_path, "list", "--set", "storage.url=oracle://x/y") == 2
    assert "storage.url" in capsys.readouterr().err


def test_scope_end_and_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made_campaign(tmp_path, "autumn")
    assert blacklist(tmp_path, "add", MOBILE, "--campaign", "autumn", "--until", "2999-12-31", "--reason", "why") == 0
    assert blacklist(tmp_path, "check", MOBILE) == 0
    assert blacklist(tmp_path, "check", MOBILE, "--campaign", "autumn") == 1
    capsys.readouterr()
    assert blacklist(tmp_path, "list") == 0
    assert capsys.readouterr().out.split("\t")[4:] == ["why", "campaign:autumn", "3000-01-01T00:00:00+00:00\n"]
    assert blacklist(tmp_path, "remove", MOBILE, "--campaign", "autumn") == 0
    capsys.readouterr()
    assert blacklist(tmp_path, "history", MOBILE) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(cells[1], cells[2], cells[3], *cells[6:]) for cells in lines] == [
        ("add", "campaign:autumn", "manual", "why", "3000-01-01T00:00:00+00:00"),
        ("remove", "campaign:autumn", "manual", "", ""),
    ]
    assert all(cells[4] for cells in lines), "who did it"


def test_a_list_of_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "refused.csv"
    file.write_text("phone,since\n13800138000,2020\n12,\n+44 20 7946 0958,\n", encoding="utf-8")
    assert blacklist(tmp_path, "import", str(file), "--reason", "register") == 1
    out = capsys.readouterr().out.splitlines()
    assert out == [
        f"{file}:3: there is no such number in the numbering plan of +86",
        "2 of 3 numbers are on the blacklist now",
    ]
    assert blacklist(tmp_path, "check", "+442079460958") == 1
    assert blacklist(tmp_path, "check", MOBILE) == 1
    assert blacklist(tmp_path, "import", str(tmp_path / "nothing.csv")) == 2
