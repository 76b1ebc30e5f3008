"""The samples beside Asterisk and FreeSWITCH: what they name exists, and both sides say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.pbx.phones import password_of
from tests.support import freeswitch
from tests.support.asterisk import SAMPLE, Addresses
from voicebot.settings import load_settings

COMPOSE = SAMPLE.parent / "compose"


def sections(text: str) -> list[str]:
    return re.findall(r"^\[([\w-]+)\]", text, re.MULTILINE)


@pytest.mark.parametrize("folder", [SAMPLE, COMPOSE], ids=["asterisk", "compose"])
def test_the_bots_settings_fit_those_of_asterisk(folder: Path) -> None:
    settings = load_settings(folder / "voicebot.yaml", environ={})
    (account,) = settings.sip.accounts
    assert f"[{account.username}](phone)" in (SAMPLE / "pjsip.conf").read_text()
    assert account.password == password_of(account.username)
    assert f"password={account.password}" in (SAMPLE / "pjsip.conf").read_text()
    assert [line.called for line in settings.lines] == [[account.username]]
    # The bot waits longer than a queue keeps callers.
    queue = re.search(r"Queue\(\$\{EXTEN:6\},,,,(\d+)\)", (SAMPLE / "extensions.conf").read_text())
    assert queue is not None
    assert settings.sip.transfer.ring_timeout_s > int(queue[1])


@pytest.mark.parametrize("folder", [SAMPLE, COMPOSE], ids=["asterisk", "compose"])
def test_all_addresses_are_there(folder: Path) -> None:
    wanted = sections(Addresses(5060).write())
    assert sections((folder / "pjsip_addresses.conf").read_text()) == wanted
    used = "".join((SAMPLE / name).read_text() for name in ("pjsip.conf", "pjsip_peer.conf"))
    assert all(f"({name})" in used for name in wanted)


def test_compose_names_files_that_exist() -> None:
    compose: dict[str, Any] = yaml.safe_load((COMPOSE / "compose.yaml").read_text(encoding="utf-8"))
    build = compose["services"]["voicebot"]["build"]
    assert (COMPOSE / build["context"] / build["dockerfile"]).is_file()
    mounted = [part for service in compose["services"].values() for part in service["volumes"] if part[0] == "."]
    assert all((COMPOSE / part.split(":")[0]).exists() for part in mounted)
    copied = re.findall(r"^COPY (.+) \S+$", (COMPOSE / "Dockerfile").read_text(), re.MULTILINE)
    assert all((COMPOSE / build["context"] / name).exists() for names in copied for name in names.split())


def test_the_bots_settings_fit_those_of_freeswitch() -> None:
    settings = load_settings(freeswitch.SAMPLE / "voicebot.yaml", environ={})
    (account,) = settings.sip.accounts
    files = {path.name: ElementTree.parse(path) for path in freeswitch.SAMPLE.glob("**/*.xml")}
    user = files[f"{account.username}.xml"].find("user")
    assert user is not None
    password = user.find("params/param[@name='password']")
    assert password is not None
    assert (user.get("id"), password.get("value")) == (account.username, account.password)
    assert [line.called for line in settings.lines] == [[account.username]]
    # The bot waits longer than a telephone rings.
    rings = re.search(r'"call_timeout=(\d+)"', (freeswitch.SAMPLE / "conf/dialplan/voicebot.xml").read_text())
    assert rings is not None
    assert settings.sip.transfer.ring_timeout_s > int(rings[1])
