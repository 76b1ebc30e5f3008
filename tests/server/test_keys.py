from __future__ import annotations

import hashlib
import json
import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server.running import KEY, EchoBrain, serving
from voicebot.errors import ConfigError
from voicebot.server import HostedBot, KeyFile
from voicebot.server.keyring import KeyRing, choose_bot
from voicebot.server.keys import CONTENT, SUPERVISE, hash_key
from voicebot.server.secrets import audio_secret
from voicebot.settings import Settings, load_settings

EVERYTHING = frozenset({"*"})


def settings(data: Path, *overrides: str) -> Settings:
    return load_settings(overrides=[f"paths.data={data}", *overrides])


# --- the file


def test_a_key_is_told_once_and_kept_by_its_hash(tmp_path: Path) -> None:
    file = KeyFile.of(settings(tmp_path / "new" / "data"))
    key = file.add(("one", "two"), "for Ann")
    (entry,) = file.read()
    assert key.startswith(f"vb_{entry.id}_")
    assert len(key.removeprefix(f"vb_{entry.id}_")) == 32  # 192 bits
    assert entry.sha256 == hashlib.sha256(key.encode()).hexdigest()
    assert (entry.bots, entry.note) == (("one", "two"), "for Ann")
    assert entry.created.endswith("+00:00")
    assert key[-32:] not in file.path.read_text()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_keys_come_and_go(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    assert file.read() == []
    assert not file.remove("nothing")
    keys = [file.add() for _ in range(3)]
    assert len({*keys}) == 3
    first, second, third = file.read()
    assert file.remove(second.id)
    assert file.read() == [first, third]
    assert not file.remove(second.id)


def test_processes_that_add_together_lose_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: KeyFile(tmp_path / "keys.json").add(), range(32)))
    kept = {entry.sha256 for entry in KeyFile(tmp_path / "keys.json").read()}
    assert kept == {hash_key(key).hex() for key in keys}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".keys.json.lock", "keys.json"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"keys": 1}', '{"keys": [{}]}', '{"keys": [1]}', "\\xff",
     '{"keys": [{"id": "x", "sha256": "abc", "bots": [], "note": "", "created": ""}]}'],
)  # fmt: skip
def test_a_damaged_file_is_told(tmp_path: Path, content: str) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.path.write_text(content)
    for do in (file.read, file.add, lambda: KeyRing(file)):
        with pytest.raises(ConfigError, match=r"keys\.json: is damaged"):
            do()
    assert file.path.read_text() == content


def test_places_where_no_key_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        KeyFile(tmp_path / "file" / "keys.json").add()
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        KeyFile(tmp_path / "keys.json").read()


def test_the_plain_key_of_older_versions_goes_on_by_its_hash(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "api_key").write_text("old-plain-key\n")
    file = KeyFile.of(settings(tmp_path))
    assert not (tmp_path / "api_key").exists()
    assert [entry.sha256 for entry in file.read()] == [hashlib.sha256(b"old-plain-key").hexdigest()]
    assert KeyRing(file).bots(["old-plain-key"]) == EVERYTHING
    assert "api_key removed" in caplog.text
    assert "old-plain-key" not in caplog.text + file.path.read_text()


def test_a_plain_key_that_was_out_of_force_stays_so(tmp_path: Path) -> None:
    (tmp_path / "api_key").write_text("old-plain-key\n")
    file = KeyFile.of(settings(tmp_path, "http.api_key=other"))
    assert not (tmp_path / "api_key").exists()
    assert file.read() == []


# --- the check


def test_what_keys_open(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    all_bots, one, two = file.add(), file.add(("one",)), file.add(("two",))
    ring = KeyRing(file, "configured", "internal")
    for key in (all_bots, "configured", "internal"):
        assert ring.bots([key, ""]) == ring.bots(["", key]) == ring.bots([key, "wrong"]) == EVERYTHING
    assert ring.bots([one, ""]) == {"one"}
    assert ring.bots([one, two]) == {"one", "two"}
    for wrong in ("", "x", one[:-1], one + "x", one.upper(), "\udcff", hash_key(one).hex()):
        assert ring.bots([wrong, wrong]) == frozenset()
    assert KeyRing(KeyFile(tmp_path / "none.json")).bots(["", ""]) == frozenset()


def test_bytes_that_are_no_text_do_not_pass_for_others(tmp_path: Path) -> None:
    ring = KeyRing(KeyFile(tmp_path / "keys.json"), "a?b")
    assert ring.bots(["a?b"]) == EVERYTHING
    assert ring.bots(["a\udcffb", "a\ud800b"]) == frozenset()


def test_a_configured_key_may_be_a_hash(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    ring = KeyRing(file, f"sha256:{hashlib.sha256(b'mine').hexdigest()}")
    assert ring.bots(["mine"]) == EVERYTHING
    assert ring.bots([hashlib.sha256(b"mine").hexdigest()]) == frozenset()
    for wrong in ("sha256:", "sha256:abc", "sha256:" + "x" * 64):
        with pytest.raises(ConfigError, match=r"http\.api_key: after 'sha256:'"):
            KeyRing(file, wrong)


def test_a_running_service_notices_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = KeyFile(tmp_path / "keys.json")
    ring = KeyRing(file, "configured")
    key = file.add()
    assert ring.bots([key]) == EVERYTHING
    file.path.write_text("damaged")
    assert ring.bots([key]) == EVERYTHING
    assert ring.bots([key]) == EVERYTHING
    assert caplog.text.count("the keys stay as they were") == 1
    file.path.unlink()
    assert ring.bots([key]) == frozenset()
    assert ring.bots(["configured"]) == EVERYTHING
    second = file.add()
    assert ring.bots([second]) == EVERYTHING
    assert file.remove(file.read()[0].id)
    assert ring.bots([second]) == frozenset()


@pytest.mark.parametrize(
    ("opened", "bot"),
    [
        *(({"*"}, "default"), ({"default", "x"}, "default"), ({"x", "*"}, "default")),
        *(({"x"}, "x"), ({"x", "y"}, ""), (set[str](), "")),
    ],
)
def test_the_bot_of_the_bare_address(opened: set[str], bot: str) -> None:
    assert choose_bot(frozenset(opened), "default") == bot


# --- over HTTP


def bots() -> list[HostedBot]:
    return [HostedBot(name, EchoBrain(), "en") for name in ("echo", "one", "two", "three")]


async def test_a_key_opens_its_bots_and_no_others(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    one, two_three = file.add(("one",)), file.add(("two", "three"))
    paths = ["/stream/query", *(f"/bots/{name}/stream/query" for name in ("echo", "one", "two", "three", "none"))]
    async with serving(settings(tmp_path, f"http.api_key={KEY}", "bots.default=echo"), bots()) as (_, client):

        async def statuses(headers: dict[str, str]) -> list[int]:
            return [(await client.post(path, json={}, headers=headers)).status for path in paths]

        assert await statuses({"token": KEY}) == [200, 200, 200, 200, 200, 404]
        assert await statuses({"token": one}) == [200, 401, 200, 401, 401, 401]
        assert await statuses({"Authorization": f"Bearer {two_three}"}) == [401, 401, 401, 200, 200, 401]
        both = {"token": one, "Authorization": f"Bearer {two_three}"}
        assert await statuses(both) == [401, 401, 200, 200, 200, 401]
        assert await statuses({"token": "wrong", "Authorization": f"Bearer {one}"}) == [200, 401, 200, 401, 401, 401]
        refusals = [
            await (await client.post(path, json={}, headers={"token": key})).read()
            for path, key in ((paths[0], "wrong"), (paths[1], one), (paths[5], one), (paths[0], two_three))
        ]
    assert len({*refusals}) == 1
    assert json.loads(refusals[0])["code"] == "unauthorized"


async def test_a_key_made_or_removed_meanwhile_counts(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    async with serving(settings(tmp_path, "bots.default=echo"), bots()) as (_, client):
        key = file.add()
        assert (await client.post("/stream/query", json={}, headers={"token": key})).status == 200
        file.remove(file.read()[0].id)
        assert (await client.post("/stream/query", json={}, headers={"token": key})).status == 401


# --- other secrets


def test_a_secret_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    config = settings(tmp_path / "new" / "data")
    secret = audio_secret(config)
    file = tmp_path / "new" / "data" / "audio_secret"
    assert len(secret) >= 32
    assert audio_secret(config) == secret == file.read_bytes().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(lambda _: audio_secret(settings(tmp_path)), range(16))}) == 1


def test_places_where_no_secret_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot keep a key here"):
        audio_secret(settings(tmp_path / "file"))
    (tmp_path / "audio_secret").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        audio_secret(settings(tmp_path))


# --- rights


def test_each_key_has_its_own_bots_and_rights(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    one, two = file.add(["a"], rights=(SUPERVISE,)), file.add(["b", "c"])
    ring = KeyRing(file, "configured", "internal", ["supervise", "content"])
    grants = {grant.id: grant for grant in ring.grants([one, two, "configured", "internal", "wrong"])}
    first, second = file.read()
    assert grants[first.id].rights == {SUPERVISE}
    assert (grants[first.id].has("a"), grants[first.id].has("b")) == (True, False)
    assert grants[second.id].bots == {"b", "c"}
    assert not grants[second.id].rights
    assert grants["configured"].rights == {SUPERVISE, CONTENT}
    assert not grants["internal"].rights
    assert grants["internal"].has("anything")


def test_keys_of_older_versions_have_no_rights(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    key = file.add(rights=(SUPERVISE,))
    kept = json.loads(file.path.read_text())
    del kept["keys"][0]["rights"]
    file.path.write_text(json.dumps(kept))
    (grant,) = KeyRing(file).grants([key])
    assert not grant.rights
