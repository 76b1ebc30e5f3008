"""Members of wheels and tarballs."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from voicebot.modelstore.archives import join_members
from voicebot.modelstore.web import FetchError


def make_wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in members.items():
            package.writestr(name, body)
    return path


def make_tarball(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name, body in members.items():
            information = tarfile.TarInfo(name)
            information.size = len(body)
            package.addfile(information, io.BytesIO(body))
        for name, target in (links or {}).items():
            information = tarfile.TarInfo(name)
            information.type = tarfile.SYMTYPE
            information.linkname = target
            package.addfile(information)
    return path


def test_parts_of_several_archives_are_joined_in_order(tmp_path: Path) -> None:
    first = make_wheel(tmp_path / "a.whl", {"a/part1": b"one ", "a/code.py": b"raise SystemExit"})
    second = make_tarball(tmp_path / "b.tgz", {"package/part2": b"two"})
    target = tmp_path / "joined"
    digest = join_members([(first, "a/part1"), (second, "package/part2")], target, size=7)
    assert target.read_bytes() == b"one two"
    assert digest == hashlib.sha256(b"one two").hexdigest()


def test_a_member_that_is_not_there(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "a.whl", {"a": b"x"})
    tarball = make_tarball(tmp_path / "b.tgz", {"a": b"x"})
    for archive in (wheel, tarball):
        with pytest.raises(FetchError, match="has no file missing"):
            join_members([(archive, "missing")], tmp_path / "out", size=1)


def test_a_link_in_a_tarball_is_not_followed(tmp_path: Path) -> None:
    tarball = make_tarball(tmp_path / "b.tgz", {"real": b"x"}, {"link": "real", "out": "/etc/hostname"})
    for member in ("link", "out"):
        with pytest.raises(FetchError, match="has no file"):
            join_members([(tarball, member)], tmp_path / "joined", size=1)


def test_names_that_climb_out_write_nothing_elsewhere(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    wheel = make_wheel(inside / "a.whl", {"../evil": b"x"})
    join_members([(wheel, "../evil")], inside / "joined", size=1)
    assert (inside / "joined").read_bytes() == b"x"
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_a_bomb_is_not_unpacked_to_the_end(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "a.whl", {"bomb": b"\0" * 30_000_000})
    target = tmp_path / "joined"
    join_members([(wheel, "bomb")], target, size=1000)
    assert target.stat().st_size <= 2 * 1024 * 1024


@pytest.mark.parametrize("body", [b"", b"no archive at all", b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b\x08" + b"\0" * 40])
def test_something_else_than_an_archive(tmp_path: Path, body: bytes) -> None:
    archive = tmp_path / "a.whl"
    archive.write_bytes(body)
    with pytest.raises(FetchError):
        join_members([(archive, "a")], tmp_path / "joined", size=1)


def test_a_damaged_member(tmp_path: Path) -> None:
    content = bytes(range(256)) * 400
    for archive in (make_wheel(tmp_path / "a.whl", {"a": content}), make_tarball(tmp_path / "b.tgz", {"a": content})):
        body = bytearray(archive.read_bytes())
        body[len(body) // 3 : len(body) // 3 + 40] = b"\xff" * 40
        archive.write_bytes(body)
        with pytest.raises(FetchError):
            join_members([(archive, "a")], tmp_path / "joined", size=len(content))
