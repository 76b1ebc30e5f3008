"""Filling roles with models: which model, which variant, in which order, and never two pulls at a time."""

from __future__ import annotations

import fcntl
import functools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from voicebot.errors import DownloadError, ModelError
from voicebot.modelstore.fetch import Fetcher
from voicebot.modelstore.manifest import Manifest, Model, Variant
from voicebot.modelstore.progress import Reporter
from voicebot.modelstore.registries import NpmRegistry, PackageIndex
from voicebot.modelstore.state import check_file, check_variant, clear_stamp, model_state, present_bytes, write_stamp
from voicebot.modelstore.tools import npm_registry, pip_configuration
from voicebot.modelstore.web import Web
from voicebot.settings.model import ModelSettings

_MIB = 1024 * 1024
_SPARE_BYTES = 64 * _MIB


class Puller:
    """One run of ``models pull``."""

    def __init__(
        self,
        manifest: Manifest,
        root: Path,
        settings: ModelSettings,
        reporter: Reporter,
        folders: Sequence[Path] = (),
        retry_wait_s: float = 1.0,
    ) -> None:
        """Set up.

        Args:
            manifest: the models there are.
            root: directory of all models.
            settings: where models come from.
            reporter: told what happens.
            folders: looked into first: ``<folder>/<model id>/<file>``.
            retry_wait_s: first wait before a failed request is tried again.
        """
        self._manifest = manifest
        self._root = root
        self._settings = settings
        self._reporter = reporter
        self._folders = folders
        self._retry_wait_s = retry_wait_s

    def fill(self, roles: Sequence[Sequence[str]]) -> None:
        """Make sure that each role has a verified model.

        Args:
            roles: for each role the ids of models that can fill it, the preferred first.

        Raises:
            UnknownModelError: there is no such model.
            DownloadError: roles stay empty; a line for each.
            ModelError: the directory cannot be written to, or the disk is too full.
        """
        choices = [[self._manifest.model(model_id) for model_id in role] for role in roles]
        missing = [role for role in choices if not any(self._is_ready(model) for model in role)]
        if not missing:
            return
        with self._locked():
            fetcher = self._fetcher()
            failures = [failure for role in missing if (failure := self._fill_role(role, fetcher))]
        if failures:
            raise DownloadError("\n".join(failures))

    def _fill_role(self, role: Sequence[Model], fetcher: Fetcher) -> str:
        """Fetch the first model of a role that can be had; return why none could, or an empty string."""
        if any(self._accept_present(model) for model in role):
            return ""
        reason = ""
        for model, variant in [(choice, variant) for choice in role for variant in self._variants(choice)]:
            if reason:
                self._reporter.note(f"  {reason}; trying the next choice")
            try:
                self._fetch(model, variant, fetcher)
            except DownloadError as error:
                reason = error.message
            else:
                return ""
        return reason

    def _variants(self, model: Model) -> list[Variant]:
        """Return the variants in the order to try: one that is partly here is completed rather than replaced."""
        directory = self._root / model.id
        return sorted(model.variants, key=lambda variant: present_bytes(variant, directory), reverse=True)

    def _accept_present(self, model: Model) -> bool:
        """Take a model that lies there already: put there by hand, or by a pull that was faster."""
        directory = self._root / model.id
        state, variant = model_state(model, directory)
        if variant is None:
            return False
        if state == "unverified" and check_variant(variant, directory):
            return False
        self._finish(model, variant)
        return True

    def _fetch(self, model: Model, variant: Variant, fetcher: Fetcher) -> None:
        directory = self._root / model.id
        absent = [file for file in variant.files if check_file(file, directory)]
        size = sum(file.size for file in absent)
        self._reporter.note(f"{model.id}: {model.title} ({size / _MIB:.0f} MiB, {model.licence})")
        if model.licence_note:
            self._reporter.note(f"  licence: {model.licence_note}")
        self._check_space(model, size)
        clear_stamp(directory)
        try:
            for file in absent:
                fetcher.fetch(model, file, directory / file.path)
            self._finish(model, variant)
            fetcher.forget_archives()
        except OSError as error:
            raise ModelError(f"model {model.id} cannot be written to {directory}: {error.strerror or error}") from error

    def _finish(self, model: Model, variant: Variant) -> None:
        directory = self._root / model.id
        _remove_others(model, variant, directory)
        write_stamp(variant, directory)

    def _is_ready(self, model: Model) -> bool:
        return model_state(model, self._root / model.id)[0] == "ready"

    def _check_space(self, model: Model, size: int) -> None:
        # An archive and the file joined from it are on the disk at the same time.
        needed = 2 * size + _SPARE_BYTES
        free = shutil.disk_usage(self._root).free
        if free < needed:
            raise ModelError(
                f"model {model.id} needs {needed // _MIB} MiB in {self._root} for a while; {free // _MIB} MiB are free"
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other pulls out."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            lock = (self._root / ".lock").open("a")
        except OSError as error:
            raise ModelError(f"the model directory {self._root} cannot be written to: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._reporter.note("another pull is running; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _fetcher(self) -> Fetcher:
        settings = self._settings
        web = Web()

        def packages() -> PackageIndex:
            if settings.package_index:
                return PackageIndex(web, (settings.package_index,))
            pip = pip_configuration()
            return PackageIndex(Web(ca_file=pip.ca_file), pip.indexes, pip.find_links)

        def npm() -> NpmRegistry:
            return NpmRegistry(web, settings.npm_registry or npm_registry())

        return Fetcher(
            self._manifest,
            web,
            hub_url=settings.hub_url,
            packages=functools.cache(packages),
            npm=functools.cache(npm),
            local=[*self._folders, *settings.local],
            work=self._root / ".downloads",
            reporter=self._reporter,
            retry_wait_s=self._retry_wait_s,
        )


def _remove_others(model: Model, variant: Variant, directory: Path) -> None:
    """Delete files of other variants: a loader that finds two vocabularies may take the wrong one."""
    kept = {file.path for file in variant.files}
    for other in model.variants:
        for file in other.files:
            if file.path not in kept:
                (directory / file.path).unlink(missing_ok=True)
