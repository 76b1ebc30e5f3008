"""Which voices there are, what is behind an id, and the loaded engines."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import ModelError, SynthesisError
from voicebot.speech.synthesis.engine import SynthesisEngine, fingerprint
from voicebot.speech.types import Voice

PIPER = "piper"
KOKORO = "kokoro"
KOKORO_DEFAULT_VOICE = "zf_xiaoxiao"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class VoiceFiles:
    """A voice and the files behind it.

    Attributes:
        id: "<model id>" or "<model id>/<voice>".
        engine: "piper" or "kokoro".
        directory: where the model lies.
        name: voice within the model; "" if it has one only.
        language: "zh" or "en".
        version: changes when the files or the engine do; part of every cache key.
    """

    id: str
    engine: str
    directory: Path
    name: str
    language: str
    version: str


class VoiceShelf:
    """Finds voices and loads each model once. May be used from any thread; finding and loading block.

    Args:
        model_path: model id to the directory of a model that is there; raises ModelError otherwise.
        defaults: default voice of each language.
        model_ids: models that may be voices; those of the defaults are added.
        threads: cores for one clause.
        work_directory: where engines may keep what they compute at their first start.
    """

    def __init__(
        self,
        model_path: Callable[[str], Path],
        defaults: Mapping[str, str],
        model_ids: Iterable[str],
        threads: int,
        work_directory: Path,
    ) -> None:
        self._model_path = model_path
        self._defaults = dict(defaults)
        wanted = [*model_ids, *(voice.partition("/")[0] for voice in defaults.values())]
        self._model_ids = list(dict.fromkeys(wanted))
        self._threads = threads
        self._work_directory = work_directory
        self._lock = threading.Lock()
        self._found: dict[str, VoiceFiles] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._engines: dict[str, SynthesisEngine] = {}
        self._models: dict[Path, object] = {}

    def found(self, voice: str) -> VoiceFiles | None:
        """Return a voice that was looked up before, without touching the disk."""
        return self._found.get(voice)

    def find(self, voice: str) -> VoiceFiles:
        """Look a voice up by id, or by language for its default voice.

        Raises:
            SynthesisError: there is no such voice; names those there are.
        """
        known = self._found.get(voice)
        if known is None:
            known = self._find(self._defaults.get(voice, voice), voice)
            self._found[voice] = known
        return known

    def voices(self) -> list[Voice]:
        """List the voices whose models are there."""
        listed = []
        for model_id in self._model_ids:
            directory = self._directory(model_id)
            for name in _voice_names(directory) if directory else []:
                voice_id = f"{model_id}/{name}" if name else model_id
                try:
                    files = self.find(voice_id)
                except SynthesisError:
                    continue  # the files of one voice are incomplete: the others can still be had
                aliases = tuple(alias for alias, default in self._defaults.items() if self._same(default, files))
                listed.append(Voice(files.id, files.language, files.engine, aliases))
        return listed

    def engine(self, files: VoiceFiles) -> SynthesisEngine:
        """Return the loaded engine of a voice; the first call for a model takes a second or two.

        Raises:
            SynthesisError: it cannot be loaded.
        """
        engine = self._engines.get(files.id)
        if engine is not None:
            return engine
        with self._lock:
            gate = self._loading.setdefault(str(files.directory), threading.Lock())
        with gate:
            engine = self._engines.get(files.id)
            if engine is None:
                engine = self._engines[files.id] = self._load(files)
            return engine

    def load(self, voice: str) -> SynthesisEngine:
        """Find and load a voice.

        Raises:
            SynthesisError: it is not there or cannot be loaded.
        """
        return self.engine(self.find(voice))

    def _load(self, files: VoiceFiles) -> SynthesisEngine:
        # Each engine is imported when a voice needs it: an English line does without jieba and misaki.
        if files.engine == PIPER:
            from voicebot.speech.synthesis.piper import PiperEngine

            return PiperEngine(files.directory, self._threads)
        from voicebot.speech.synthesis.kokoro import KokoroEngine, KokoroModel
        from voicebot.speech.synthesis.mandarin import MandarinPhonemes

        loaded = self._models.get(files.directory)
        if not isinstance(loaded, tuple):
            loaded = (
                KokoroModel(files.directory, self._work_directory, self._threads),
                MandarinPhonemes(self._work_directory),
            )
            self._models[files.directory] = loaded
        model, phonemes = loaded
        return KokoroEngine(model, files.name, phonemes)

    def _find(self, voice_id: str, asked: str) -> VoiceFiles:
        model_id, _, name = voice_id.partition("/")
        directory = self._directory(model_id)
        if directory is None or (name and not _NAME.fullmatch(name)):
            raise self._unknown(asked)
        if _is_kokoro(directory):
            name = name or KOKORO_DEFAULT_VOICE
            style = directory / "voices" / f"{name}.bin"
            if not style.is_file():
                raise self._unknown(asked)
            version = fingerprint([directory / "model.onnx", directory / "vocab.json", style])
            return VoiceFiles(f"{model_id}/{name}", KOKORO, directory, name, "zh", version)
        if name:
            raise self._unknown(asked)
        from voicebot.speech.synthesis.piper import piper_files, piper_language

        files = piper_files(directory)
        return VoiceFiles(model_id, PIPER, directory, "", piper_language(files[1]), fingerprint(files))

    def _directory(self, model_id: str) -> Path | None:
        if not _NAME.fullmatch(model_id):
            return None
        try:
            directory = self._model_path(model_id)
        except ModelError:
            return None
        return directory if directory.is_dir() else None

    def _same(self, default: str, files: VoiceFiles) -> bool:
        return default == files.id or f"{default}/{KOKORO_DEFAULT_VOICE}" == files.id

    def _unknown(self, asked: str) -> SynthesisError:
        known = [voice_id for model_id in self._model_ids for voice_id in self._ids(model_id)]
        aliases = [alias for alias, default in self._defaults.items() if self._directory(default.partition("/")[0])]
        there = ", ".join([*aliases, *known]) or "none"
        return SynthesisError(f"there is no voice '{asked}'; there are: {there}")

    def _ids(self, model_id: str) -> list[str]:
        directory = self._directory(model_id)
        return [f"{model_id}/{name}" if name else model_id for name in _voice_names(directory)] if directory else []


def _is_kokoro(directory: Path) -> bool:
    return (directory / "model.onnx").is_file() and (directory / "vocab.json").is_file()


def _voice_names(directory: Path) -> list[str]:
    if _is_kokoro(directory):
        # Only the Mandarin voices: their names start with z.
        return sorted(file.stem for file in (directory / "voices").glob("z*.bin"))
    return [""] if any(directory.glob("*.onnx.json")) else []
