from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.speech.synthesis.mandarin import MandarinPhonemes


@pytest.fixture(scope="module")
def phonemes(tmp_path_factory: pytest.TempPathFactory) -> MandarinPhonemes:
    return MandarinPhonemes(tmp_path_factory.mktemp("jieba"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("您好。", "ni↗nxau↓."),
        ("四十，是吗？", "sɨ↘ʂɨ↗, ʂɨ↘ ma?"),
        ("银行", "i↗nxa↗ŋ"),
        ("行走", "ɕi↗ŋʦou↓"),
        ("VIP", "vˈi ˈI pˈi"),
        ("APP", "ˈA pˈi pˈi"),
        ("qq", "kjˈu kjˈu"),
        ("SIM", "sˈɪm"),
        ("Hello", "həlˈO"),
        ("（好）", "(xau↓)"),
        ("", ""),
    ],
)
def test_phonemes(phonemes: MandarinPhonemes, text: str, expected: str) -> None:
    assert phonemes(text) == expected


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF), max_size=20))
def test_characters_without_a_reading_are_left_out(phonemes: MandarinPhonemes, text: str) -> None:
    assert not any("\u3400" <= character <= "\u9fff" for character in phonemes(text))


def test_the_dictionary_is_kept_where_it_was_told_to_be(tmp_path: Path) -> None:
    MandarinPhonemes(tmp_path / "work")
    assert (tmp_path / "work" / "jieba.cache").is_file()
