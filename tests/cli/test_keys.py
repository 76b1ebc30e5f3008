"""``voicebot keys`` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.cli.main import main
from voicebot.server.keyring import KeyRing
from voicebot.server.keys import KeyFile

BOTS = ["--set", "bots.directory=config/bots"]


class Desk:
    """A data directory, and what the command prints."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = KeyFile(folder / "keys.json")
        self._folder = folder
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["keys", *arguments, "--set", f"paths.data={self._folder}", *BOTS])
        told = self._capsys.readouterr()
        return code, told.out, told.err

    def opened(self, key: str) -> set[str]:
        return {*KeyRing(self.file).bots([key])}


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.delenv("VOICEBOT_API_KEY", raising=False)
    return Desk(tmp_path, capsys)


def test_a_key_for_all_bots(desk: Desk) -> None:
    code, out, err = desk.run("add", "--quiet")
    assert (code, err) == (0, "")
    assert desk.opened(out.strip()) == {"*"}
    assert len(out.splitlines()) == 1


def test_a_key_for_some_bots(desk: Desk) -> None:
    code, out, err = desk.run("add", "--bot", "service", "--bot", "appointment", "--bot", "service", "--note", "Ann's")
    assert code == 0
    assert "only its hash" in err
    assert desk.opened(out.strip()) == {"service", "appointment"}
    (entry,) = desk.file.read()
    assert (entry.bots, entry.note) == (("service", "appointment"), "Ann's")


def test_a_bot_that_is_not_there(desk: Desk) -> None:
    assert desk.run("add", "--bot", "nobody") == (
        *(2, ""),
        "error: there is no bot 'nobody'; the bots are: appointment, service\n",
    )
    assert desk.file.read() == []


def test_listing_and_removing(desk: Desk) -> None:
    assert desk.run("list") == (0, "", "")
    keys = [desk.run("add", "--quiet", "--note", note)[1].strip() for note in ("one", "two")]
    first, second = desk.file.read()
    code, out, _ = desk.run("list")
    assert code == 0
    assert [line.split("\t") for line in out.splitlines()] == [
        [entry.id, "all bots", entry.created, entry.note] for entry in (first, second)
    ]
    assert not any(key[-32:] in out for key in keys)
    assert desk.run("remove", first.id) == (0, "", "")
    assert desk.opened(keys[0]) == set()
    assert desk.opened(keys[1]) == {"*"}
    assert desk.run("remove", first.id) == (2, "", f"error: there is no key '{first.id}'; see: voicebot keys list\n")


def test_the_key_of_an_older_version_is_listed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "api_key").write_text("old\n")
    assert "from api_key" in desk.run("list")[1]
    assert desk.opened("old") == {"*"}


def test_a_key_that_may_supervise(desk: Desk) -> None:
    assert desk.run("add", "--supervise", "--quiet")[0] == 0
    assert desk.run("add", "--supervise", "--content", "--bot", "service", "--quiet")[0] == 0
    assert [entry.rights for entry in desk.file.read()] == [("supervise",), ("supervise", "content")]
    assert [line.split("\t")[-1] for line in desk.run("list")[1].splitlines()] == ["supervise", "supervise,content"]
    code, _, err = desk.run("add", "--content")
    assert (code, err) == (2, "error: --content says what a key with --supervise may see; give both\n")
