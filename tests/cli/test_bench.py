from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.cli.bench import _replace
from voicebot.cli.main import _parser, main
from voicebot.errors import VoicebotError

PAGE = """\
before
<!-- bench turn: begin -->
old
<!-- bench turn: end -->
<!-- bench query: begin -->
<!-- bench query: end -->
"""


def test_each_bench_has_its_own_options() -> None:
    turn = _parser(["bench"]).parse_args(["bench", "turn", "--calls", "4"])
    query = _parser(["bench"]).parse_args(["bench", "query", "--sessions", "3"])
    assert (turn.calls, query.sessions) == (4, 3)
    with pytest.raises(SystemExit):
        _parser(["bench"]).parse_args(["bench", "query", "--calls", "1"])


@pytest.mark.parametrize(("what", "kept"), [("turn", "bench query"), ("query", "old")])
def test_figures_replace_those_of_their_own_bench(tmp_path: Path, what: str, kept: str) -> None:
    page = tmp_path / "performance.md"
    page.write_text(PAGE, encoding="utf-8")
    _replace(page, what, "first")
    _replace(page, what, "second")
    text = page.read_text(encoding="utf-8")
    assert f"<!-- bench {what}: begin -->\nsecond\n<!-- bench {what}: end -->" in text
    assert "first" not in text
    assert kept in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(VoicebotError, match="bench query"):
        _replace(page, "query", "figures")
    assert page.read_text(encoding="utf-8") == "nothing\n"


def test_a_bot_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "query", "--bot", "nobody"]) == 2
    assert "there is no bot 'nobody'" in capsys.readouterr().err
