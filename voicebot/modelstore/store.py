"""The model store: where models lie, whether they are whole, and how to get them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import voicebot
from voicebot.errors import ChecksumError, ModelError
from voicebot.modelstore.manifest import Manifest, Model, load_manifest
from voicebot.modelstore.progress import Reporter, SilentReporter
from voicebot.modelstore.pull import Puller
from voicebot.modelstore.state import (
    Problem,
    State,
    check_variant,
    clear_stamp,
    model_state,
    present_bytes,
    write_stamp,
)
from voicebot.settings import Settings
from voicebot.settings.model import ModelSettings
from voicebot.settings.section import Language

AUTO_VOICE = "auto"
"""As a voice in the settings: the first voice of the language in the manifest's default that is there."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and how much of it is here."""

    model: Model
    state: State
    size: int
    """Bytes on disk once it is here."""


class ModelStore:
    """The models of one data directory.

    Attributes:
        manifest: all models there are.
        root: ``<data>/models``; a model lies in ``<root>/<model id>``.
    """

    def __init__(self, settings: Settings, manifest: Manifest | None = None) -> None:
        """Open the store.

        Args:
            settings: where models lie, where they come from, and which ones are in use.
            manifest: None to read the one the settings name.

        Raises:
            ConfigError: the manifest cannot be read or is wrong.
        """
        self.manifest = manifest or load_manifest(manifest_path(settings.models))
        self.root = settings.paths.models
        self._settings = settings

    def path(self, model_id: str) -> Path:
        """Return the directory of a model that is whole.

        A model nobody has verified yet (copied in by hand) is hashed once.

        Raises:
            UnknownModelError: there is no such model.
            ModelError: it is missing; says how to get it.
            ChecksumError: a file of it is not the one of the manifest.
        """
        model = self.manifest.model(model_id)
        directory = self.root / model_id
        state, variant = model_state(model, directory)
        if variant is None:
            raise ModelError(
                f"model {model_id} is {state} in {directory}; get it with: voicebot models pull {model_id}"
            )
        if state == "unverified":
            problems = check_variant(variant, directory)
            if problems:
                raise ChecksumError(_describe(model, problems))
            write_stamp(variant, directory)
        return directory

    def voice(self, language: Language) -> str:
        """Return the voice to use for a language, as ``<model id>`` or ``<model id>/<voice>``.

        It is what the settings name, or with ``auto`` the first default voice that is here.

        Raises:
            ModelError: the settings say ``auto`` and no voice is here.
        """
        chosen = self._settings.speech.synthesiser.voices.get(language, AUTO_VOICE)
        if chosen != AUTO_VOICE:
            return chosen
        choices = self.manifest.default.get(f"voice-{language}", [])
        for model in map(self.manifest.model, choices):
            if model_state(model, self.root / model.id)[1] is not None:
                return f"{model.id}/{model.default_voice}" if model.default_voice else model.id
        raise ModelError(f"no voice for language {language} is here; get one with: voicebot models pull")

    def status(self) -> list[ModelStatus]:
        """Return every model of the manifest and its state."""
        rows = []
        for model in self.manifest.models:
            state, variant = model_state(model, self.root / model.id)
            rows.append(ModelStatus(model, state, (variant or model.variants[0]).size))
        return rows

    def wanted(self) -> list[list[str]]:
        """Return what the bot needs: for each role the models that can fill it, the preferred first."""
        speech = self._settings.speech
        named = {"recogniser": speech.recogniser.model}
        for language, voice in speech.synthesiser.voices.items():
            if voice != AUTO_VOICE:
                named[f"voice-{language}"] = voice.partition("/")[0]
        roles = {**self.manifest.default, **{role: [model_id] for role, model_id in named.items()}}
        if speech.vad.engine != "silero":
            roles.pop("voice_activity", None)
        lines = [[line.voice.partition("/")[0]] for line in self._settings.lines if line.voice]
        unique = dict.fromkeys(tuple(choices) for choices in [*roles.values(), *lines])
        return [list(choices) for choices in unique]

    def ensure_default(self, reporter: Reporter | None = None, folders: Iterable[Path] = ()) -> None:
        """Fetch what the bot needs and does not have.

        Args:
            reporter: told what happens.
            folders: see ``pull``.

        Raises:
            DownloadError: a role stays empty; says why.
        """
        self._puller(reporter, folders).fill(self.wanted())

    def pull(self, model_ids: Iterable[str], reporter: Reporter | None = None, folders: Iterable[Path] = ()) -> None:
        """Fetch models.

        Args:
            model_ids: which.
            reporter: told what happens.
            folders: looked into before the sources of the manifest: ``<folder>/<model id>/<file>``.

        Raises:
            UnknownModelError: there is no such model.
            DownloadError: a model cannot be had; says why.
        """
        self._puller(reporter, folders).fill([[model_id] for model_id in model_ids])

    def verify(self, model_ids: Iterable[str], reporter: Reporter | None = None) -> list[Problem]:
        """Hash every file of models and return what is wrong."""
        reporter = reporter or SilentReporter()
        problems: list[Problem] = []
        for model in [self.manifest.model(model_id) for model_id in model_ids]:
            directory = self.root / model.id
            variant = model_state(model, directory)[1]
            variant = variant or max(model.variants, key=lambda each: present_bytes(each, directory))
            with reporter.transfer(model.id, variant.size) as meter:
                found = check_variant(variant, directory, _adding(meter.update))
            if found:
                clear_stamp(directory)
            else:
                write_stamp(variant, directory)
            problems += found
        return problems

    def _puller(self, reporter: Reporter | None, folders: Iterable[Path]) -> Puller:
        return Puller(self.manifest, self.root, self._settings.models, reporter or SilentReporter(), list(folders))


def manifest_path(settings: ModelSettings) -> Path:
    """Return the manifest to read: the one of the settings, else the one shipped with the package."""
    default = ModelSettings().manifest
    if settings.manifest != default or settings.manifest.exists():
        return settings.manifest
    checkout = Path(voicebot.__file__).resolve().parent.parent / default
    return checkout if checkout.exists() else Path(sys.prefix) / "share" / "voicebot" / default.name


def _adding(update: Callable[[int], None]) -> Callable[[int], None]:
    """Turn a receiver of sums into one of pieces."""
    done_bytes = 0

    def advance(piece_bytes: int) -> None:
        nonlocal done_bytes
        done_bytes += piece_bytes
        update(done_bytes)

    return advance


def _describe(model: Model, problems: list[Problem]) -> str:
    first = problems[0]
    return f"{first.path} {first.reason}; fetch it again with: voicebot models pull {model.id}"
