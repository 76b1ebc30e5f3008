"""A Piper voice: any directory with ``<name>.onnx`` and ``<name>.onnx.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.engine import Samples, open_session

_WARM_TEXT = {"zh": "您好。", "en": "Hello."}
# espeak's names for Mandarin; zh_CN voices of Piper are trained on "cmn".
_MANDARIN_NAMES = ("cmn", "zh")


def piper_files(directory: Path) -> list[Path]:
    """Return the model and its config.

    Raises:
        SynthesisError: the directory does not hold exactly one voice.
    """
    models = sorted(directory.glob("*.onnx"))
    if len(models) != 1:
        raise SynthesisError(f"{directory}: expected one Piper voice (*.onnx), found {len(models)}")
    config = models[0].with_name(models[0].name + ".json")
    if not config.is_file():
        raise SynthesisError(f"{config}: the config of the Piper voice is missing")
    return [models[0], config]


def piper_language(config_file: Path) -> str:
    """Read from a voice's config which language it speaks: "zh", "en", or espeak's name for another.

    Raises:
        SynthesisError: it is not the config of a Piper voice.
    """
    return _language(_read_config(config_file))


class PiperEngine:
    """Speaks with one Piper voice.

    Args:
        directory: where the voice lies.
        threads: cores for one clause.

    Raises:
        SynthesisError: the voice is not there or cannot be read.
    """

    loudness = 0.0

    def __init__(self, directory: Path, threads: int = 1) -> None:
        model, config_file = piper_files(directory)
        config = _read_config(config_file)
        self.rate_hz: int = config.sample_rate
        self.language = _language(config)
        # download_dir is for extra data of some languages, which we never let it fetch by itself.
        self._voice = PiperVoice(session=open_session(model, threads), config=config, download_dir=directory)
        # Piper would scale each sentence to full range; loudness is levelled later, for all engines alike.
        self._settings = SynthesisConfig(normalize_audio=False)
        list(self.synthesise_clause(_WARM_TEXT.get(self.language, "Hello.")))

    def synthesise_clause(self, text: str) -> Iterator[Samples]:
        """Render one clause, in one piece.

        Raises:
            SynthesisError: the model failed.
        """
        try:
            chunks = [chunk.audio_float_array for chunk in self._voice.synthesize(text, self._settings)]
        except Exception as error:  # the phonemiser and onnxruntime have no common error type
            raise SynthesisError(f"the Piper voice could not speak a clause ({type(error).__name__})") from error
        if chunks:
            yield np.concatenate(chunks).astype(np.float32, copy=False)


def _read_config(config_file: Path) -> PiperConfig:
    try:
        return PiperConfig.from_dict(json.loads(config_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SynthesisError(f"{config_file}: is not the config of a Piper voice") from error


def _language(config: PiperConfig) -> str:
    return "zh" if config.espeak_voice.startswith(_MANDARIN_NAMES) else str(config.espeak_voice).partition("-")[0]
