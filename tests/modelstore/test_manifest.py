"""The manifest: the shipped one, and wrong ones."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import ConfigError, UnknownModelError
from voicebot.modelstore import AUTO_VOICE
from voicebot.modelstore.manifest import load_manifest, parse_manifest
from voicebot.settings import Settings

SHIPPED = Path(__file__).parents[2] / "models" / "manifest.toml"
SHA = "0" * 64


def small() -> dict[str, Any]:
    return {
        "schema": 1,
        "default": {"voice-en": ["a-voice"]},
        "archive": [
            {
                "id": "box",
                "kind": "wheel",
                "package": "p",
                "version": "1",
                "filename": "p.whl",
                "size": 1,
                "sha256": SHA,
            },
        ],
        "model": [
            {
                "id": "a-voice",
                "kind": "voice",
                "title": "A",
                "languages": ["en"],
                "licence": "MIT",
                "voices": ["one"],
                "default_voice": "one",
                "variant": [
                    {
                        "name": "only",
                        "file": [
                            {"path": "voices/one.bin", "size": 1, "sha256": SHA, "sources": [{"parts": ["box:one"]}]}
                        ],
                    }
                ],
            }
        ],
    }


def test_the_shipped_manifest_has_what_the_settings_name() -> None:
    manifest = load_manifest(SHIPPED)
    speech = Settings().speech
    assert manifest.model(speech.recogniser.model).kind == "recogniser"
    for language, name in speech.synthesiser.voices.items():
        for model_id in manifest.default[f"voice-{language}"]:
            assert language in manifest.model(model_id).languages
        if name == AUTO_VOICE:
            continue
        model_id, _, voice = name.partition("/")
        model = manifest.model(model_id)
        assert language in model.languages
        assert not voice or voice in model.voices


def test_the_shipped_manifest_says_what_is_expected_of_it() -> None:
    manifest = load_manifest(SHIPPED)
    assert manifest.default["voice-zh"] == ["piper-zh-huayan", "kokoro-zh"]
    kinds = {type(s).__name__ for m in manifest.models for v in m.variants for f in v.files for s in f.sources}
    assert kinds == {"HubSource", "UrlSource", "PartsSource", "InstalledSource"}
    names = [file.path for file in manifest.model("kokoro-zh").variants[0].files]
    voices = [f"voices/{voice}.bin" for voice in manifest.model("kokoro-zh").voices]
    assert sorted(names) == sorted(["model.onnx", "vocab.json", *voices])


def test_a_small_manifest_is_fine() -> None:
    manifest = parse_manifest(small(), "test")
    assert manifest.model("a-voice").variants[0].size == 1
    assert manifest.archive("box").package == "p"


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match="no model 'x'; known models: a-voice"):
        parse_manifest(small(), "test").model("x")


WRONG: list[tuple[list[str | int], Any, str]] = [
    (["schema"], 2, "schema"),
    (["surprise"], 1, "surprise"),
    (["default", "voice-en"], ["b-voice"], "no model 'b-voice'"),
    (["default", "voice-en"], [], "default.voice-en"),
    (["model"], [], "model"),
    (["model", 0, "id"], "../up", "id"),
    (["model", 0, "kind"], "toaster", "a-voice.kind"),
    (["model", 0, "licence"], "", "a-voice.licence"),
    (["model", 0, "languages"], ["xx"], "a-voice.languages"),
    (["model", 0, "default_voice"], "two", "not among the voices"),
    (["model", 0, "variant", 0, "file", 0, "path"], "../one.bin", "plain relative path"),
    (["model", 0, "variant", 0, "file", 0, "path"], "/etc/one.bin", "plain relative path"),
    (["model", 0, "variant", 0, "file", 0, "path"], "a//b", "plain relative path"),
    (["model", 0, "variant", 0, "file", 0, "path"], ".verified.json", "begin with a dot"),
    (["model", 0, "variant", 0, "file", 0, "sha256"], "abc", "voices/one.bin.sha256"),
    (["model", 0, "variant", 0, "file", 0, "size"], 0, "voices/one.bin.size"),
    (["model", 0, "variant", 0, "file", 0, "sources"], [], "voices/one.bin.sources"),
    (["model", 0, "variant", 0, "file", 0, "sources"], [{"magic": "x"}], "expected a source: hub, url"),
    (["model", 0, "variant", 0, "file", 0, "sources"], [{"parts": ["crate:one"]}], "no archive 'crate'"),
    (["model", 0, "variant", 0, "file", 0, "sources"], [{"parts": ["one"]}], "archive id:member"),
    (["model", 0, "variant", 0, "file", 0, "sources"], [{"url": "ftp://x"}], "url"),
    (["archive", 0, "kind"], "sdist", "box.kind"),
    (["archive", 0, "filename"], "../p.whl", "box.filename"),
]


@pytest.mark.parametrize(("place", "value", "told"), WRONG)
def test_what_is_wrong_is_named(place: list[str | int], value: Any, told: str) -> None:
    tree = small()
    node: Any = tree
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    with pytest.raises(ConfigError) as caught:
        parse_manifest(tree, "my.toml")
    assert caught.value.message.startswith("my.toml: ")
    assert told in caught.value.message


@pytest.mark.parametrize("place", ["model", "archive", "variant", "file"])
def test_nothing_stands_twice(place: str) -> None:
    tree = small()
    variant = tree["model"][0]["variant"]
    parent = {"model": tree["model"], "archive": tree["archive"], "variant": variant, "file": variant[0]["file"]}[place]
    parent.append(copy.deepcopy(parent[0]))
    with pytest.raises(ConfigError, match="stands there twice"):
        parse_manifest(tree, "test")


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"schema = =", "line 1"), (b"\xff", "not UTF-8"), (b"", "schema")],
    ids=["syntax", "encoding", "empty"],
)
def test_a_file_that_is_no_manifest(tmp_path: Path, body: bytes, told: str) -> None:
    file = tmp_path / "m.toml"
    file.write_bytes(body)
    with pytest.raises(ConfigError, match=told) as caught:
        load_manifest(file)
    assert caught.value.message.startswith(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load_manifest(tmp_path / "none.toml")


@given(st.text(max_size=40))
def test_a_path_stays_in_its_directory_or_is_refused(path: str) -> None:
    tree = small()
    tree["model"][0]["variant"][0]["file"][0]["path"] = path
    try:
        file = parse_manifest(tree, "test").models[0].variants[0].files[0]
    except ConfigError:
        return
    root = Path("/models/a-voice")
    placed = root / file.path
    assert ".." not in placed.parts
    assert placed.is_relative_to(root)
    assert placed != root


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*small(), "id", "file"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(small())), _values))
def test_any_tree_is_a_manifest_or_a_config_error(tree: dict[str, Any]) -> None:
    merged = {**small(), **tree}
    try:
        manifest = parse_manifest(merged, "test")
    except ConfigError:
        return
    assert manifest.models
