"""Conditional and range requests for a file (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from aiohttp import ETag, web

# One range; a request for several is answered with the whole file, as section 14.2 allows.
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Part(NamedTuple):
    """What of a file is to be sent.

    Attributes:
        status: 200, 206, 304, 412 or 416.
        start: offset of the first byte.
        stop: offset behind the last byte.
    """

    status: int
    start: int = 0
    stop: int = 0


def part_of(request: web.Request, etag: str, made_s: int, size_bytes: int) -> Part:
    """Decide what of a file a request gets.

    Args:
        request: a GET or a HEAD.
        etag: entity tag of the file, a strong one, without quotes.
        made_s: when it was made, in seconds since 1970.
        size_bytes: its length.
    """
    if not _as_expected(request, etag, made_s):
        return Part(412)
    if _not_modified(request, etag, made_s):
        return Part(304)
    whole = Part(200, 0, size_bytes)
    if request.method != "GET" or not _same_as_before(request.headers.get("If-Range"), etag, made_s):
        return whole
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    return whole if match is None else _range(match[1], match[2], size_bytes) or whole


def _range(first: str, last: str, size_bytes: int) -> Part | None:
    """Return the part of a range, None if it is none (section 14.1.1)."""
    if not first:
        if not last:
            return None
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(int(last) + 1 if last else size_bytes, size_bytes)
        if last and int(last) < start:
            return None
    return Part(206, start, stop) if start < size_bytes else Part(416)


def _as_expected(request: web.Request, etag: str, made_s: int) -> bool:
    if request.if_match is not None:
        return any(tag.value == "*" or (tag.value == etag and not tag.is_weak) for tag in request.if_match)
    since = _date(request.headers.get("If-Unmodified-Since"))
    return since is None or made_s <= since.timestamp()


def _not_modified(request: web.Request, etag: str, made_s: int) -> bool:
    tags: tuple[ETag, ...] | None = request.if_none_match
    if tags is not None:
        return any(tag.value in ("*", etag) for tag in tags)
    since = _date(request.headers.get("If-Modified-Since"))
    return since is not None and made_s <= since.timestamp()


def _same_as_before(condition: str | None, etag: str, made_s: int) -> bool:
    """Whether a range is still one of the file that the client has a part of (section 13.1.5)."""
    if condition is None:
        return True
    if condition.startswith(('"', "W/")):
        return condition == f'"{etag}"'
    return _date(condition) == datetime.fromtimestamp(made_s, timezone.utc)


def _date(text: str | None) -> datetime | None:
    """Read a date; what is none counts as not sent (section 13.1.3). aiohttp's reader fails beyond the calendar."""
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=timezone.utc)
