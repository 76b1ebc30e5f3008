"""What lies on disk, and the stamp."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from voicebot.modelstore.manifest import Model
from voicebot.modelstore.state import STAMP_NAME, check_variant, clear_stamp, model_state, sha256_of, write_stamp

BODIES = {"a.bin": b"first", "sub/b.bin": b"second one"}


def make_model() -> Model:
    files = [
        {"path": path, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "sources": [{"hub": "x"}]}
        for path, body in BODIES.items()
    ]
    return Model.model_validate(
        {
            "id": "m",
            "kind": "voice",
            "title": "M",
            "languages": ["en"],
            "licence": "MIT",
            "variant": [{"name": "v", "file": files}],
        }
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for path, body in BODIES.items():
        target = tmp_path / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(body)
    return tmp_path


def test_the_states_of_a_model(directory: Path) -> None:
    model = make_model()
    variant = model.variants[0]
    assert model_state(model, directory) == ("unverified", variant)
    write_stamp(variant, directory)
    assert model_state(model, directory) == ("ready", variant)
    clear_stamp(directory)
    assert model_state(model, directory) == ("unverified", variant)
    (directory / "a.bin").unlink()
    assert model_state(model, directory) == ("incomplete", None)
    assert model_state(model, directory / "nowhere") == ("missing", None)


def test_a_file_touched_after_its_verification_is_verified_again(directory: Path) -> None:
    model = make_model()
    write_stamp(model.variants[0], directory)
    stat = (directory / "a.bin").stat()
    (directory / "a.bin").write_bytes(b"FIRST")
    os.utime(directory / "a.bin", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert model_state(model, directory)[0] == "unverified"


@pytest.mark.parametrize("stamp", [b"", b"{", b"[]", b'{"variant": "v", "files": {}}', b"\xff"])
def test_a_damaged_stamp_counts_for_nothing(directory: Path, stamp: bytes) -> None:
    (directory / STAMP_NAME).write_bytes(stamp)
    assert model_state(make_model(), directory)[0] == "unverified"


def test_what_is_wrong_with_each_file(directory: Path) -> None:
    variant = make_model().variants[0]
    assert check_variant(variant, directory) == []
    (directory / "a.bin").write_bytes(b"FIRST")
    (directory / "sub" / "b.bin").write_bytes(b"short")
    problems = {problem.path.name: problem.reason for problem in check_variant(variant, directory)}
    assert problems == {"a.bin": "has a wrong sha256 checksum", "b.bin": "has 5 bytes instead of 10"}
    (directory / "a.bin").unlink()
    assert check_variant(variant, directory)[0].reason == "is missing"


def test_hashing_tells_how_far_it_is(tmp_path: Path) -> None:
    body = bytes(3_000_000)
    (tmp_path / "x").write_bytes(body)
    pieces: list[int] = []
    assert sha256_of(tmp_path / "x", pieces.append) == hashlib.sha256(body).hexdigest()
    assert sum(pieces) == len(body)
    assert len(pieces) > 1
