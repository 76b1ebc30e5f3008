"""What pip and npm are configured to use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voicebot.modelstore.tools import npm_registry, pip_configuration, run_command

HELP = "  -i, --index-url <url>   Base URL of the index\n     (default\n  https://builtin.example/simple). This ...\n"


class FakePip:
    def __init__(self, config: str) -> None:
        self._config = config

    def __call__(self, command: Sequence[str]) -> str:
        return self._config if command[-2:] == ["config", "list"] else HELP


def test_the_configuration_of_pip_is_used() -> None:
    pip = FakePip(
        "global.index-url='https://me:pw@index.example/simple/'\n"
        "global.extra-index-url='file:///one https://two.example/simple'\n"
        "global.cert='/etc/ca.pem'\n"
        "install.find-links='/wheels'\n"
        "freeze.timeout='10'\n"
    )
    found = pip_configuration(pip, {})
    assert found.indexes == ("https://me:pw@index.example/simple", "file:///one", "https://two.example/simple")
    assert found.find_links == ("/wheels",)
    assert found.ca_file == "/etc/ca.pem"


def test_environment_beats_files() -> None:
    pip = FakePip("global.index-url='https://file.example'\n")
    assert pip_configuration(pip, {"PIP_INDEX_URL": "https://env.example"}).indexes == ("https://env.example",)


def test_without_configuration_the_built_in_index_is_asked_of_pip() -> None:
    assert pip_configuration(FakePip(""), {}).indexes == ("https://builtin.example/simple",)


def test_no_index_means_none() -> None:
    found = pip_configuration(FakePip("global.no-index='true'\nglobal.find-links='/wheels'\n"), {})
    assert found.indexes == ()
    assert found.find_links == ("/wheels",)


def test_lines_that_are_no_configuration_are_passed_over() -> None:
    assert pip_configuration(FakePip("WARNING: something\nglobal.cert=unquoted\n\n"), {}).ca_file == ""


def test_the_pip_of_this_machine_knows_an_index() -> None:
    assert all("://" in index for index in pip_configuration().indexes)
    assert pip_configuration().indexes


def test_the_npm_registry_comes_from_environment_then_files_then_npm(tmp_path: Path) -> None:
    rc = tmp_path / "npmrc"
    rc.write_text("; comment\nfund=false\nregistry = https://file.example/\n", encoding="utf-8")
    asked: list[Sequence[str]] = []

    def npm(command: Sequence[str]) -> str:
        asked.append(command)
        return "https://npm.example/\n"

    assert npm_registry(npm, {"npm_config_registry": "https://env.example/"}, [rc]) == "https://env.example"
    assert npm_registry(npm, {}, [tmp_path / "none", rc]) == "https://file.example"
    assert asked == []
    program = tmp_path / "npm"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    assert npm_registry(npm, {"PATH": str(tmp_path)}, []) == "https://npm.example"
    assert asked == [[str(program), "config", "get", "registry"]]


def test_without_npm_there_is_no_registry(tmp_path: Path) -> None:
    assert npm_registry(lambda command: "undefined\n", {"PATH": str(tmp_path)}, []) == ""


def test_a_command_that_fails_or_is_missing_gives_nothing() -> None:
    assert run_command(["/bin/sh", "-c", "echo out; exit 3"]) == ""
    assert run_command(["/nonexistent/program"]) == ""
    assert run_command(["/bin/sh", "-c", "echo out"]) == "out\n"
