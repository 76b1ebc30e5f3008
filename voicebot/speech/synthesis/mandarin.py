"""Mandarin text to the phonemes that Kokoro v1.0's Mandarin voices were trained on.

The notation is that of misaki's first Mandarin front end: IPA without tone letters, one arrow a syllable
for the tone, no sandhi; English words stand between in misaki's English notation, made here from espeak's.
"""

from __future__ import annotations

import functools
import logging
import re
import warnings
from pathlib import Path
from typing import Any

from voicebot.errors import SynthesisError

_RUNS = re.compile(r"[\u3400-\u9fff]+|[A-Za-z][A-Za-z'’.-]*[A-Za-z]|[A-Za-z]|[^\u3400-\u9fffA-Za-z]+")
# Capitals, and what has no vowel ("qq", "km"), are spelled; not the few that people say as words.
_SPELLED = re.compile(r"[A-Z]{2,5}|[A-Za-z]|(?i:[b-df-hj-np-tv-xz]{2,5})")
_SAID = frozenset({"SIM", "PIN", "WIFI", "LOGO", "COVID", "OPPO", "VIVO", "NASA", "SAAS", "IKEA"})
_PUNCTUATION = str.maketrans(
    {"、": ", ", "，": ", ", "。": ". ", "．": ". ", "！": "! ", "？": "? ", "：": ": ", "；": "; ", "—": "—", "…": "…"}
    | dict.fromkeys("《「『【〈“", " “")
    | dict.fromkeys("》」』】〉”", "” ")
    | {"（": " (", "）": ") "}
)
# espeak's en-us to misaki's English notation; longer ones first.
_ESPEAK_TO_MISAKI = (
    ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("oʊ", "O"), ("ɔɪ", "Y"), ("dʒ", "ʤ"), ("tʃ", "ʧ"),
    ("ɜː", "ɜɹ"), ("ɚ", "əɹ"), ("ɐ", "ə"), ("ɾ", "T"), ("ː", ""), ("ʲ", ""), ("r", "ɹ"),
    ("\u0361", ""), ("\u0329", ""), ("\u0303", ""), ("-", ""),
)  # fmt: skip
_COMBINING_BREVE_BELOW = "\u032f"  # non-syllabic mark of misaki's diphthongs; not in Kokoro's vocabulary

logger = logging.getLogger(__name__)


class MandarinPhonemes:
    """Turns normalised Mandarin text (no digits left) into a phoneme string.

    Args:
        work_directory: where jieba keeps its compiled dictionary; None for none kept. jieba's own choice, a
            fixed name in the shared temporary directory, could be written by anybody on the machine.
    """

    def __init__(self, work_directory: Path | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # jieba reaches for pkg_resources, which warns of its age
            import jieba
            import misaki.zh
            import pypinyin
        jieba.setLogLevel(logging.WARNING)
        self._pypinyin = pypinyin
        self._syllable_of = misaki.zh.ZHG2P.py2ipa
        self._words = jieba.Tokenizer()
        self._english = _english_phonemiser()
        if work_directory is not None:
            work_directory.mkdir(parents=True, exist_ok=True)
            self._words.tmp_dir = str(work_directory)
            self._words.initialize()
        else:
            _initialise_without_cache(self._words)
        # A line says the same few syllables over and over.
        self._syllable = functools.lru_cache(maxsize=2048)(self._make_syllable)
        self._english_sounds = functools.lru_cache(maxsize=1024)(self._make_english_sounds)

    def __call__(self, text: str) -> str:
        """Return the phonemes of a text; what has none is left out."""
        parts = []
        for run in _RUNS.findall(text):
            if "\u3400" <= run[0] <= "\u9fff":
                parts.append(" ".join(self._word(word) for word in self.words(run)))
            elif run[0].isascii() and run[0].isalpha():
                parts.append(f" {self._english_word(run)} ")
            else:
                parts.append(run.translate(_PUNCTUATION))
        return re.sub(r"\s+", " ", "".join(parts)).strip()

    def words(self, ideographs: str) -> list[str]:
        """Cut a run of Han characters into words."""
        return [str(word) for word in self._words.lcut(ideographs)]

    def _word(self, word: str) -> str:
        style = self._pypinyin.Style.TONE3
        return "".join(map(self._syllable, self._pypinyin.lazy_pinyin(word, style=style, neutral_tone_with_five=True)))

    def _make_syllable(self, pinyin: str) -> str:
        try:
            return str(self._syllable_of(pinyin)).replace(_COMBINING_BREVE_BELOW, "")
        except (ValueError, KeyError, AssertionError):
            # A character without a reading comes back as itself, and a few interjections have no IPA.
            logger.debug("no phonemes for one syllable")
            return ""

    def _english_word(self, word: str) -> str:
        if _SPELLED.fullmatch(word) and word not in _SAID:
            # One at a time: within a text espeak takes the letter A for the article.
            return " ".join(map(self._english_sounds, word))
        return self._english_sounds(word)

    def _make_english_sounds(self, word: str) -> str:
        sounds = "".join("".join(sentence) for sentence in self._english.phonemize(word))
        for written, heard in _ESPEAK_TO_MISAKI:
            sounds = sounds.replace(written, heard)
        return sounds


def _english_phonemiser() -> Any:
    """Use Piper's espeak without a voice model: espeak is global state, and Piper holds the lock for it."""
    from piper import PiperVoice
    from piper.config import PhonemeType, PiperConfig

    config = PiperConfig(
        num_symbols=0, num_speakers=1, sample_rate=24_000, espeak_voice="en-us",
        phoneme_id_map={}, phoneme_type=PhonemeType.ESPEAK,
    )  # fmt: skip
    return PiperVoice(session=None, config=config)


def _initialise_without_cache(tokenizer: Any) -> None:
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="voicebot-jieba-") as folder:
            tokenizer.tmp_dir = folder
            tokenizer.initialize()
    except OSError as error:
        raise SynthesisError(f"the Mandarin dictionary cannot be prepared: {error.strerror}") from error
