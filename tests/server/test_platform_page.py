"""The page for platforms: what it shows works as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.dialogue.shared import engine
from tests.server.running import ToneSynthesiser
from tests.server.test_openapi import DOCUMENT, PACKET
from tests.server.threaded import server_in_thread
from voicebot.protocol import FrameDecoder
from voicebot.server import HostedBot
from voicebot.server.failures import _CODES as CODES_BY_STATUS
from voicebot.server.keys import KeyFile
from voicebot.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
DOCS, SERVER = ROOT / "docs", ROOT / "voicebot" / "server"
NAMES = ["connect-your-platform.md", "connect-your-platform.zh-CN.md"]
ON_THE_PAGE = "http://127.0.0.1:8080"


def blocks(name: str, language: str) -> list[str]:
    """Return the examples of a page."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Run the bot that answers by default, and yield its address and a key."""
    settings = load_settings(overrides=[f"paths.data={tmp_path_factory.mktemp('data')}"])
    bots = [HostedBot.of(engine(name)) for name in ("appointment", "service")]
    with server_in_thread(settings, bots, ToneSynthesiser()) as url:
        yield url, KeyFile.of(settings).add(("*",), "platform")


def paste(command: str, key: str) -> str:
    """Run a command as a shell does when it is pasted."""
    environ = {"PATH": os.environ["PATH"], "KEY": key, "LANG": "C.UTF-8", "no_proxy": "*"}
    done = subprocess.run(["bash", "-c", command], env=environ, capture_output=True, check=True, timeout=15)
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_curl_line_works_as_pasted(name: str, service: tuple[str, str]) -> None:
    url, key = service
    (command,) = (block for block in blocks(name, "") if "curl --location" in block)
    assert ON_THE_PAGE in command
    decoder = FrameDecoder()
    packets = decoder.feed(paste(command.replace(ON_THE_PAGE, url), key).encode()) + decoder.close()
    for packet in packets:
        PACKET.validate(packet)
    text = (DOCS / name).read_text(encoding="utf-8")
    assert packets[0]["answer"][0]["reply"]["text"].startswith("我是安心口腔的智能助手")
    assert "我是安心口腔的智能助手" in text
    assert packets[-1]["answer"][0]["status"] == "done"
    assert {packet["sessionId"] for packet in packets} == {"3_f7de7ec487694bc7bf2f64cf309cbd8d"}


@pytest.mark.parametrize("name", NAMES)
def test_the_curl_line_asks_what_the_interface_s_own_example_asks(name: str) -> None:
    (command,) = (block for block in blocks(name, "") if "curl --location" in block)
    data = re.search(r"--data '(.+)'", command, re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == {
        "queryText": "你是谁啊",
        "sessionId": "3_f7de7ec487694bc7bf2f64cf309cbd8d",
        "variables": {"homeAddress": "chengdu"},
    }
    assert re.findall(r"--header .([\w-]+): ", command) == ["token", "Authorization", "Content-Type"]


@pytest.mark.parametrize("name", NAMES)
def test_the_packet_on_the_page_is_one_of_ours(name: str) -> None:
    (packet,) = blocks(name, "json")
    PACKET.validate(json.loads(packet))


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_on_the_page_are_settings(name: str, tmp_path: Path) -> None:
    (block,) = blocks(name, "yaml")
    file = tmp_path / "voicebot.yaml"
    file.write_text(block, encoding="utf-8")
    assert load_settings(file) != Settings()
    assert yaml.safe_load(block)["answers"]["bots"].keys() <= {"appointment", "service"}
    text = (DOCS / name).read_text(encoding="utf-8")
    for section, setting in re.findall(r"`(answers|http|audio_files|bots)\.(\w+)", text):
        assert setting in type(getattr(Settings(), section)).model_fields


def codes_in_the_source() -> set[tuple[str, str]]:
    """Return status and code of all that the server refuses by itself."""
    source = "".join(file.read_text(encoding="utf-8") for file in SERVER.rglob("*.py"))
    named = re.findall(r'(?:Refusal|failure),?\(?\s*(\d{3}), "(\w+)"', source)
    return {*named, *((str(status), code) for status, code in CODES_BY_STATUS.items())}


@pytest.mark.parametrize("name", NAMES)
def test_every_error_is_on_the_page(name: str) -> None:
    rows = re.findall(r"^\| ([\d, 、]+) \| (.+?) \|", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE)
    shown = {
        (status, code)
        for first, second in rows
        for status in re.findall(r"\d+", first)
        for code in re.findall(r"`(\w+)`", second)
    }
    found = codes_in_the_source()
    assert len(found) > 12
    assert found <= shown
    statuses = DOCUMENT["paths"]["/stream/query"]["post"]["responses"].keys()
    statuses |= DOCUMENT["paths"]["/audio/{name}.{extension}"]["get"]["responses"].keys()
    statuses |= DOCUMENT["paths"]["/api/v1/calls"]["post"]["responses"].keys()
    # 405 and 417 come before any operation.
    assert {status for status, _ in found} - {"405", "417"} <= statuses
