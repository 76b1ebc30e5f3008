"""Starts that cannot succeed: one clear line each, and an exit status that says so."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.service.configured import config, line
from tests.service.running import ROOT
from voicebot.settings import load_settings

pytestmark = [pytest.mark.audio, pytest.mark.timeout(120)]


@dataclass(frozen=True)
class Attempt:
    """What became of a start."""

    status: int
    out: str
    errors: str


@pytest.fixture(scope="module")
def taken() -> Iterator[tuple[int, int]]:
    """A UDP and a TCP port that somebody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.create_server(("127.0.0.1", 0)) as http:
        sip.bind(("127.0.0.1", 0))
        yield sip.getsockname()[1], http.getsockname()[1]


@pytest.fixture(scope="module")
def attempts(taken: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Attempt]:
    """Starts with something wrong, all at the same time."""
    sip_port, http_port = taken
    wrong = {
        "sip port": f"sip.port={sip_port}",
        "http port": f"http.port={http_port}",
        "model": "speech.recogniser.model=whisper-giant",
        "key": "sip.prot=5070",
        "database": "storage.url=mysql://host/name",
    }
    folder = tmp_path_factory.mktemp("bad")
    file = folder / "voicebot.yaml"
    (folder / "models").symlink_to(load_settings(environ=os.environ).paths.models.resolve())
    file.write_text(yaml.safe_dump(config(paths={"data": str(folder)}, lines=[line("desk")])))

    async def run() -> list[Attempt]:
        return await asyncio.gather(*(start(file, override) for override in wrong.values()))

    return dict(zip(wrong, asyncio.run(run()), strict=True))


async def start(file: Path, override: str) -> Attempt:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicebot.cli.main", "serve", "--config", str(file), "--set", override),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Attempt(process.returncode, out.decode(), errors.decode())


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("sip port", ["UDP port", "taken", "sip.port"]),
        ("http port", ["http.port", "another program"]),
        ("model", ["whisper-giant"]),
        ("key", ["sip.prot", "no such setting"]),
        ("database", ["storage.url", "PostgreSQL"]),
    ],
)
def test_a_bad_start_is_explained_in_one_line(attempts: dict[str, Attempt], what: str, words: list[str]) -> None:
    attempt = attempts[what]
    assert attempt.status not in (0, -9, -11)
    explanations = [text for text in attempt.errors.splitlines() if text.startswith("error: ")]
    assert len(explanations) == 1, attempt.errors
    for word in words:
        assert word in explanations[0]
    assert "Traceback" not in attempt.errors
    assert "ready" not in attempt.out
