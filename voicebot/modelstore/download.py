"""One file over HTTP: streamed, hashed on the way, and resumed where it broke off."""

from __future__ import annotations

import hashlib
import http.client
import re
import time
from pathlib import Path
from typing import Any

from voicebot.modelstore.progress import Meter
from voicebot.modelstore.web import FetchError, Web

_CHUNK_BYTES = 256 * 1024
_ATTEMPTS = 5
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/")


def download(
    web: Web, url: str, part: Path, *, size: int, sha256: str, meter: Meter, retry_wait_s: float = 1.0
) -> None:
    """Bring a file to ``part``, complete and verified.

    What ``part`` already holds is taken for the beginning of the file. A broken connection is resumed, a wrong
    checksum fetched once more from the start.

    Args:
        web: opens addresses.
        url: where the file is.
        part: where it goes; the caller moves it on.
        size: bytes it must have.
        sha256: checksum it must have.
        meter: told how many bytes are there.
        retry_wait_s: wait before the second attempt; doubled before each further one.

    Raises:
        FetchError: it cannot be had there. ``part`` keeps what arrived, unless that was wrong.
    """
    refetched = False
    failure = FetchError("no answer")
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(retry_wait_s * 2 ** (attempt - 1))
        try:
            actual = _stream(web, url, part, size, meter)
        except FetchError as error:
            if not error.retryable:
                raise
            failure = error
            continue
        if actual == sha256:
            return
        part.unlink(missing_ok=True)
        if refetched:
            raise FetchError("wrong sha256 checksum, twice", status=200)
        refetched = True
        failure = FetchError("wrong sha256 checksum", status=200)
    raise failure


def _stream(web: Web, url: str, part: Path, size: int, meter: Meter) -> str:
    """Append what is missing to ``part`` and return the sha256 of the whole."""
    digest = hashlib.sha256()
    have = _hash_existing(part, digest, size)
    meter.update(have)
    if have == size:
        return digest.hexdigest()
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        response = web.open(url, headers)
    except FetchError as error:
        if error.status == 416 and have:
            part.unlink(missing_ok=True)
            raise FetchError("the server does not know that part of the file") from error
        raise
    with response:
        if have and not _continues(response, have):
            digest, have = hashlib.sha256(), 0
        _append(response, part, digest, have, size, meter)
    return digest.hexdigest()


def _hash_existing(part: Path, digest: Any, size: int) -> int:
    if not part.exists():
        return 0
    if part.stat().st_size > size:
        part.unlink()
        return 0
    have = 0
    with part.open("rb") as stream:
        while piece := stream.read(_CHUNK_BYTES):
            digest.update(piece)
            have += len(piece)
    return have


def _continues(response: Any, have: int) -> bool:
    """Whether the answer begins where we asked; a server without Range support sends everything (RFC 9110, 14.2)."""
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    return response.status == 206 and match is not None and int(match[1]) == have


def _append(response: Any, part: Path, digest: Any, have: int, size: int, meter: Meter) -> None:
    with part.open("ab" if have else "wb") as stream:
        while have <= size:
            try:
                piece = response.read(_CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                raise FetchError("the connection was cut") from error
            if not piece:
                break
            stream.write(piece)
            digest.update(piece)
            have += len(piece)
            meter.update(min(have, size))
    if have < size:
        raise FetchError(f"the connection was cut after {have} of {size} bytes")
