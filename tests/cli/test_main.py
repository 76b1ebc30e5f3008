"""The dispatcher: exit codes, one line per error, no stack trace."""

from __future__ import annotations

import fcntl
import importlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voicebot.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert importlib.import_module(f"voicebot.cli.{name}").run
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"voicebot {name}" in capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"    {name}" in out for name in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["bogus"], ["models"], ["models", "list", "--bogus"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: voicebot" in capsys.readouterr().err


def test_a_wrong_setting_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--set", "sip.port=99999"]) == 2
    err = capsys.readouterr().err
    assert err == "error: --set sip.port: sip.port: input should be less than or equal to 65535 (got 99999)\n"


def test_several_wrong_settings_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--set", "sip.port=x", "--set", "http.prot=1"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("error: --set ") for line in lines)


def test_only_the_asked_command_is_imported() -> None:
    script = (
        "import sys; from voicebot.cli.main import main; main(['models', 'list']); print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    assert "voicebot.cli.models" in loaded
    assert not {"faster_whisper", "onnxruntime", "pjsua2", "aiohttp", "numpy"} & set(loaded)


def test_an_interrupt_is_exit_code_130(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    # Where the tests run in the background, SIGINT is ignored from the start, and Python would leave it so.
    script = (
        "import signal, sys; from voicebot.cli.main import main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "models", "pull", "--set", f"paths.data={tmp_path}"]
    with (models / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == "another pull is running; waiting for it\n"
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == "interrupted\n"
    assert process.returncode == 130
