"""Python skills in their real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.skills.pipes import Pipe
from tests.skills.shared import SKILLS, python_skills, write_skills
from voicebot.errors import ConfigError, SkillArgumentError, SkillError, SkillTimeoutError
from voicebot.skills import pool
from voicebot.skills.pool import KEPT_PROCESSES

PATIENCE_S = 10.0


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "begun")
    yield pipe
    pipe.close()


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[Pipe]:
    pipe = Pipe(tmp_path / "ended")
    yield pipe
    pipe.close()


async def test_results(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as skills:
        assert await skills.run("add", {"a": "2", "b": "3", "negative": "true"}, PATIENCE_S) == -5
        assert await skills.run("slowly", {"seconds": "0"}, PATIENCE_S) == "done"
        assert await skills.run("order_status", {"order": "\u4e03", "tags": "a,b"}, PATIENCE_S) == {
            "order": "\u4e03",
            "status": "sent",
            "tags": ["a", "b"],
            "sign": "!",
        }
        assert await skills.run("where", {}, PATIENCE_S) == str(tmp_path / "home")
        assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
        assert len(skills.idle) == 1


async def test_what_skills_print_and_read_does_not_disturb(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with python_skills(tmp_path) as skills:
        assert await skills.run("chatter", {}, PATIENCE_S) == "''"
        assert await skills.run("add", {"a": "1"}, PATIENCE_S) == 1.5
    out, err = capfd.readouterr()
    assert "more noise" in err
    assert out == ""


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("fail", {"text": "555 0100"}, r"^skill 'fail' failed: ValueError at tools\.py:\d+$"),
        ("leave", {}, r"^skill 'leave' failed: SystemExit at tools\.py:\d+$"),
        ("strange", {}, "returned a object; expected a text, a number"),
        ("long", {}, "returned more than 1000000 bytes"),
    ],
)
async def test_failures_cost_only_themselves(
    tmp_path: Path, name: str, arguments: dict[str, str], problem: str
) -> None:
    async with python_skills(tmp_path) as skills:
        pid = await skills.run("pid", {}, PATIENCE_S)
        with pytest.raises(SkillError, match=problem):
            await skills.run(name, arguments, PATIENCE_S)
        assert await skills.run("pid", {}, PATIENCE_S) == pid


async def test_messages_of_exceptions_are_told_where_they_may_be(tmp_path: Path) -> None:
    async with python_skills(tmp_path, tell_messages=True) as skills:
        with pytest.raises(SkillError, match=r"ValueError at tools\.py:\d+: no such order$"):
            await skills.run("fail", {"text": "no such order"}, PATIENCE_S)


async def test_wrong_arguments_reach_no_process(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as skills:
        with pytest.raises(SkillArgumentError, match="wants a whole number for 'a'"):
            await skills.run("add", {"a": "x"}, PATIENCE_S)
        assert skills.idle == []


async def test_a_crash_is_told_and_the_next_call_works(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as skills:
        with pytest.raises(SkillError, match="ended"):
            await skills.run("crash", {}, PATIENCE_S)
        assert await skills.run("add", {"a": "1"}, PATIENCE_S) == 1.5


async def test_a_process_that_died_in_between_is_replaced(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as skills:
        await skills.start()
        (process,) = skills.idle
        os.kill(process.pid, signal.SIGKILL)
        await process.end()
        assert await skills.run("add", {"a": "1"}, PATIENCE_S) == 1.5


@pytest.mark.parametrize("name", ["slowly", "block"])
async def test_what_takes_too_long_is_ended_with_its_process(tmp_path: Path, name: str) -> None:
    async with python_skills(tmp_path) as skills:
        await skills.start()
        (process,) = skills.idle
        with pytest.raises(SkillTimeoutError, match=r"took more than 0\.2 s"):
            await skills.run(name, {"seconds": "60"}, 0.2)
        assert not exists(process.pid)
        assert await skills.run("add", {"a": "1"}, PATIENCE_S) == 1.5


async def test_a_slow_skill_holds_up_no_other(tmp_path: Path) -> None:
    async with python_skills(tmp_path) as skills:
        slow = [asyncio.create_task(skills.run("block", {"seconds": "60"}, PATIENCE_S)) for _ in range(3)]
        assert await skills.run("add", {"a": "1"}, PATIENCE_S) == 1.5
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)


async def test_processes_have_a_limit_and_few_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MAX_PROCESSES", 3)
    async with python_skills(tmp_path) as skills:
        pids = await asyncio.gather(*(skills.run("pid", {}, PATIENCE_S) for _ in range(9)))
        assert 1 <= len(set(pids)) <= 3
        assert len(skills.idle) <= KEPT_PROCESSES


async def test_a_skill_that_nobody_waits_for_any_more_is_not_torn(tmp_path: Path, begun: Pipe, ended: Pipe) -> None:
    async with python_skills(tmp_path) as skills:
        arguments = {"seconds": "0", "begun": str(begun), "ended": str(ended)}
        call = asyncio.create_task(skills.run("block", arguments, PATIENCE_S))
        pid = await begun.read()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await ended.read() == pid


async def test_closing_ends_what_runs(tmp_path: Path, begun: Pipe) -> None:
    async with python_skills(tmp_path) as skills:
        call = asyncio.create_task(skills.run("block", {"seconds": "60", "begun": str(begun)}, 60.0))
        pid = await begun.read()
        await skills.close()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert not exists(int(pid))


async def test_files_that_cannot_be_imported_are_told_at_the_start(tmp_path: Path) -> None:
    async with python_skills(tmp_path, "import nowhere\n" + SKILLS.replace("from __future__", "# ")) as skills:
        with pytest.raises(ConfigError, match=r"tools\.py:1: ModuleNotFoundError: No module named 'nowhere'"):
            await skills.start()
        with pytest.raises(SkillError, match="cannot be run"):
            await skills.run("add", {"a": "1"}, PATIENCE_S)


def test_a_process_ends_with_whoever_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "voicebot.skills.worker", str(write_skills(tmp_path)), str(tmp_path / "home")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert b"ready" in process.stdout.readline()
        process.stdin.write(b'{"skill": "block", "arguments": {"seconds": 60}, "limit_s": 60}\n')
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_a_process_that_reads_no_more_ends_when_its_time_is_up(tmp_path: Path) -> None:
    # The expression backtracks for longer than anybody waits, and holds the interpreter's lock all the time.
    text = (
        'import re\n\n\ndef spin() -> bool:\n    """Spin."""\n    return bool(re.match("(a|aa)+$", "a" * 99 + "b"))\n'
    )
    command = [
        sys.executable,
        "-m",
        "voicebot.skills.worker",
        str(write_skills(tmp_path, text)),
        str(tmp_path / "home"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"skill": "spin", "arguments": {}, "limit_s": -4.5}\n')
        process.stdin.flush()
        assert process.stderr is not None
        assert b"tools.py" in process.stderr.read()
        assert process.wait(PATIENCE_S) == 1
