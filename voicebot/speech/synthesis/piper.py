"""A Piper voice: any directory with ``<name>.onnx`` and ``<name>.onnx.json``."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from piper import AudioChunk, PiperVoice, SynthesisConfig
from piper.config import PiperConfig
from piper.patch_voice_with_alignment import add_alignment_output

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.engine import Phone, Samples, open_session

_WARM_TEXT = {"zh": "您好。", "en": "Hello."}
# espeak's names for Mandarin; zh_CN voices of Piper are trained on "cmn".
_MANDARIN_NAMES = ("cmn", "zh")

logger = logging.getLogger(__name__)


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


_WORDS_KEPT = 20_000


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
        # Each question to piper's copy of espeak leaves some 1.5 KiB behind: words are asked for once.
        self._phonemes = functools.lru_cache(maxsize=_WORDS_KEPT)(self._phonemize)
        model, config_file = piper_files(directory)
        config = _read_config(config_file)
        self.rate_hz: int = config.sample_rate
        self.language = _language(config)
        # download_dir is for extra data of some languages, which we never let it fetch by itself.
        self._voice = PiperVoice(session=open_session(_telling(model), threads), config=config, download_dir=directory)
        # Piper would scale each sentence to full range; loudness is levelled later, for all engines alike.
        self._settings = SynthesisConfig(normalize_audio=False)
        list(self.synthesise_clause(_WARM_TEXT.get(self.language, "Hello.")))

    def synthesise_clause(self, text: str, phones: list[Phone] | None = None) -> Iterator[Samples]:
        """Render one clause, in one piece.

        Raises:
            SynthesisError: the model failed.
        """
        try:
            chunks = list(self._voice.synthesize(text, self._settings, include_alignments=phones is not None))
        except Exception as error:  # the phonemiser and onnxruntime have no common error type
            raise SynthesisError(f"the Piper voice could not speak a clause ({type(error).__name__})") from error
        if phones is not None:
            phones += _phones(chunks)
        if chunks:
            yield np.concatenate([chunk.audio_float_array for chunk in chunks]).astype(np.float32, copy=False)

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text by itself."""
        return self._phonemes(text)

    def _phonemize(self, text: str) -> str:
        return "".join("".join(sentence) for sentence in self._voice.phonemize(text))

    def words(self, ideographs: str) -> list[str]:
        """Cut a run of Han characters into characters."""
        return list(ideographs)


def _telling(model: Path) -> Path | bytes:
    """Return the model with one more output, how long each phoneme is; the model as it is if it does not know."""
    try:
        network = onnx.load(str(model))
        add_alignment_output(network)
    except ValueError as error:
        logger.info("the voice %s does not tell how long its phonemes are: %s", model.name, error)
        return model
    except Exception:  # bare protobuf errors; what is wrong with the file is told where it is opened
        return model
    return bytes(network.SerializeToString())


def _phones(chunks: list[AudioChunk]) -> list[Phone]:
    phones, before = [], 0
    for chunk in chunks:
        end = before
        for item in chunk.phoneme_alignments or ():
            end += int(item.num_samples)
            phones.append(Phone(item.phoneme, end))
        before += len(chunk.audio_float_array)
    return phones


def _read_config(config_file: Path) -> PiperConfig:
    try:
        return PiperConfig.from_dict(json.loads(config_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SynthesisError(f"{config_file}: is not the config of a Piper voice") from error


def _language(config: PiperConfig) -> str:
    return "zh" if config.espeak_voice.startswith(_MANDARIN_NAMES) else str(config.espeak_voice).partition("-")[0]
