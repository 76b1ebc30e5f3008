"""Bringing one model file here: from local folders, the hub, an address, archives or an installed distribution."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from voicebot.errors import DownloadError
from voicebot.modelstore.archives import join_members
from voicebot.modelstore.download import download
from voicebot.modelstore.manifest import (
    Archive,
    HubSource,
    InstalledSource,
    Manifest,
    Model,
    ModelFile,
    PartsSource,
    Source,
    UrlSource,
)
from voicebot.modelstore.progress import Reporter
from voicebot.modelstore.registries import NpmRegistry, PackageIndex
from voicebot.modelstore.state import check_file, sha256_of
from voicebot.modelstore.web import FetchError, Web, host_of


class Fetcher:
    """Fetches files for one run of ``models pull``; remembers which hosts do not answer."""

    def __init__(
        self,
        manifest: Manifest,
        web: Web,
        *,
        hub_url: str,
        packages: Callable[[], PackageIndex],
        npm: Callable[[], NpmRegistry],
        local: Sequence[Path],
        work: Path,
        reporter: Reporter,
        retry_wait_s: float = 1.0,
    ) -> None:
        """Set up.

        Args:
            manifest: names the archives.
            web: opens addresses.
            hub_url: what ``hub`` sources are relative to.
            packages: makes the package index when it is first needed; that asks pip, which takes a second.
            npm: makes the npm registry when it is first needed.
            local: folders that may hold ``<model id>/<file>``.
            work: directory for partial files and archives; kept between runs.
            reporter: told what happens.
            retry_wait_s: first wait before a failed request is tried again.
        """
        self._manifest = manifest
        self._web = web
        self._hub_url = hub_url.rstrip("/")
        self._packages = packages
        self._npm = npm
        self._local = local
        self._work = work
        self._reporter = reporter
        self._retry_wait_s = retry_wait_s
        self._silent_hosts: dict[str, str] = {}

    def fetch(self, model: Model, file: ModelFile, target: Path) -> None:
        """Bring one file to ``target``, verified.

        Raises:
            DownloadError: no source had it; says why for each.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        self._work.mkdir(parents=True, exist_ok=True)
        for folder in self._local:
            if self._from_folder(folder / model.id, file, target):
                return
        reasons = []
        for source in file.sources:
            try:
                self._from_source(model, file, source, target)
            except FetchError as error:
                reasons.append(f"{_kind(source)}: {error.reason}")
                continue
            return
        raise DownloadError(f"{model.id}/{file.path} cannot be had ({'; '.join(reasons)})")

    def forget_archives(self) -> None:
        """Delete the archives fetched so far; what they carried is in place."""
        for archive in self._manifest.archives:
            self._archive_path(archive).unlink(missing_ok=True)

    def _from_folder(self, folder: Path, file: ModelFile, target: Path) -> bool:
        reason = check_file(file, folder)
        if reason:
            if reason != "is missing":
                self._reporter.note(f"  {folder / file.path} {reason}: not used")
            return False
        self._copy(folder / file.path, file, target)
        return True

    def _copy(self, origin: Path, file: ModelFile, target: Path) -> None:
        part = self._part(file.sha256)
        shutil.copyfile(origin, part)
        part.replace(target)

    def _from_source(self, model: Model, file: ModelFile, source: Source, target: Path) -> None:
        label = f"{model.id}/{file.path}"
        if isinstance(source, InstalledSource):
            self._from_installed(source, file, target)
        elif isinstance(source, PartsSource):
            self._from_archives(source, file, target)
        else:
            url = f"{self._hub_url}/{source.hub}" if isinstance(source, HubSource) else source.url
            part = self._part(file.sha256)
            self._download(self._web, [url], part, size=file.size, sha256=file.sha256, label=label)
            part.replace(target)

    def _from_installed(self, source: InstalledSource, file: ModelFile, target: Path) -> None:
        name, _, member = source.installed.partition(":")
        try:
            origin = Path(str(importlib.metadata.distribution(name).locate_file(member)))
        except importlib.metadata.PackageNotFoundError as error:
            raise FetchError(f"{name} is not installed") from error
        try:
            right = sha256_of(origin) == file.sha256
        except OSError as error:
            raise FetchError(f"{name} has no file {member}") from error
        if not right:
            raise FetchError(f"{member} of {name} has a wrong sha256 checksum")
        self._copy(origin, file, target)

    def _from_archives(self, source: PartsSource, file: ModelFile, target: Path) -> None:
        members = [(self._archive(self._manifest.archive(name)), member) for name, member in source.references()]
        joined = self._work / f"{file.sha256}.joined"
        if join_members(members, joined, size=file.size) != file.sha256:
            joined.unlink()
            raise FetchError("the parts do not give the file of the manifest")
        joined.replace(target)

    def _archive(self, archive: Archive) -> Path:
        path = self._archive_path(archive)
        if path.is_file() and path.stat().st_size == archive.size and sha256_of(path) == archive.sha256:
            return path
        addresses: Iterable[str]
        if archive.kind == "npm":
            web, addresses = self._web, [self._npm().address(archive.package, archive.version)]
        else:
            packages = self._packages()
            web, addresses = packages.web, packages.addresses(archive.package, archive.filename)
        part = self._part(archive.sha256)
        self._download(web, addresses, part, size=archive.size, sha256=archive.sha256, label=archive.package)
        part.replace(path)
        return path

    def _download(self, web: Web, addresses: Iterable[str], part: Path, *, size: int, sha256: str, label: str) -> None:
        """Try addresses in turn until one gives the file."""
        reasons = []
        for url in addresses:
            host = host_of(url)
            if host in self._silent_hosts:
                reasons.append(f"{host}: {self._silent_hosts[host]}")
                continue
            try:
                with self._reporter.transfer(label, size) as meter:
                    download(web, url, part, size=size, sha256=sha256, meter=meter, retry_wait_s=self._retry_wait_s)
                return
            except FetchError as error:
                if error.unreachable and urlsplit(url).scheme != "file":
                    self._silent_hosts[host] = error.reason
                reasons.append(f"{host}: {error.reason}")
        raise FetchError("; ".join(reasons))

    def _archive_path(self, archive: Archive) -> Path:
        return self._work / f"{archive.sha256}.archive"

    def _part(self, sha256: str) -> Path:
        return self._work / f"{sha256}.part"


def _kind(source: Source) -> str:
    if isinstance(source, HubSource):
        return "hub"
    if isinstance(source, UrlSource):
        return "address"
    return "packages" if isinstance(source, PartsSource) else "installed"
