"""``voicebot models`` as a user runs it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from voicebot.cli.main import main

BODY = b"weights of a very small voice"
MANIFEST = """
schema = 1
[default]
voice-en = ["small"]
[[model]]
id = "small"
kind = "voice"
title = "A small voice"
languages = ["en"]
licence = "CC0-1.0"
[[model.variant]]
name = "only"
[[model.variant.file]]
path = "small.onnx"
size = {size}
sha256 = "{sha256}"
sources = [{{ url = "{url}" }}]
"""


class Bench:
    """A directory with a manifest and one model to be had from a file address."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.origin = folder / "origin.onnx"
        self.origin.write_bytes(BODY)
        self.file = folder / "var" / "models" / "small" / "small.onnx"
        self._folder = folder
        self._capsys = capsys
        digest = hashlib.sha256(BODY).hexdigest()
        text = MANIFEST.format(size=len(BODY), sha256=digest, url=self.origin.as_uri())
        (folder / "m.toml").write_text(text, encoding="utf-8")
        settings = f"""
paths: {{data: {folder / "var"}}}
models: {{manifest: {folder / "m.toml"}}}
speech: {{recogniser: {{model: small}}, synthesiser: {{voices: {{en: small}}}}}}
"""
        (folder / "settings.yaml").write_text(settings, encoding="utf-8")

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["models", *arguments, "--config", str(self._folder / "settings.yaml")])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def test_list_pull_list_verify(bench: Bench) -> None:
    row = f"small\tvoice\ten\t{len(BODY)}\tCC0-1.0\t"
    assert bench.run("list") == (0, row + "missing\n", "")
    code, out, err = bench.run("pull")
    assert code == 0
    assert "models are ready" in out
    assert "small: A small voice" in err
    assert "100 %" in err
    assert bench.file.read_bytes() == BODY
    assert bench.run("list") == (0, row + "ready\n", "")
    code, out, _ = bench.run("verify")
    assert (code, out) == (0, "verified: small\n")


def test_a_pull_with_nothing_to_do_says_so_and_reads_nothing(bench: Bench) -> None:
    bench.run("pull")
    bench.origin.unlink()
    code, _, err = bench.run("pull", "small")
    assert (code, err) == (0, "")


def test_verify_names_the_file_and_fails(bench: Bench) -> None:
    bench.run("pull")
    bench.file.write_bytes(BODY[:-1] + b"?")
    code, out, err = bench.run("verify", "--all")
    assert (code, out) == (1, "")
    assert f"error: {bench.file} has a wrong sha256 checksum\n" in err


def test_verify_of_nothing_says_what_is_missing(bench: Bench) -> None:
    code, _, err = bench.run("verify")
    assert code == 1
    assert f"error: {bench.file} is missing\n" in err


def test_an_unknown_model_is_one_line(bench: Bench) -> None:
    assert bench.run("pull", "large") == (2, "", "error: there is no model 'large'; known models: small\n")
    assert bench.run("verify", "large") == (2, "", "error: there is no model 'large'; known models: small\n")


def test_a_model_that_cannot_be_had_is_one_line(bench: Bench) -> None:
    bench.origin.unlink()
    code, out, err = bench.run("pull")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == (
        "error: small/small.onnx cannot be had (address: file://: No such file or directory)"
    )


def test_a_file_with_wrong_content_is_one_line(bench: Bench) -> None:
    bench.origin.write_bytes(BODY.upper())
    code, _, err = bench.run("pull")
    assert code == 1
    assert "wrong sha256 checksum, twice" in err.splitlines()[-1]
    assert not bench.file.exists()


def test_from_a_folder(bench: Bench, tmp_path: Path) -> None:
    bench.origin.unlink()
    folder = tmp_path / "stick"
    (folder / "small").mkdir(parents=True)
    (folder / "small" / "small.onnx").write_bytes(BODY)
    assert bench.run("pull", "--from", str(folder))[0] == 0
    assert bench.file.read_bytes() == BODY
    assert bench.run("pull", "--from", str(tmp_path / "none")) == (
        2,
        "",
        f"error: --from {tmp_path / 'none'}: is not a directory\n",
    )


def test_a_wrong_manifest_is_one_line(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("schema = 1\nmodel = []", encoding="utf-8")
    code, _, err = bench.run("list")
    assert code == 2
    assert err.startswith(f"error: {tmp_path / 'm.toml'}: model: ")
    assert err.count("\n") == 1
