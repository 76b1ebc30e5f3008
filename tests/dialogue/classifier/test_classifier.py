from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.dialogue.shared import encoder, models
from voicebot.dialogue.builtin import builtin_background, builtin_intents
from voicebot.dialogue.classifier import Classifier, background_of
from voicebot.dialogue.classifier.background import NONE
from voicebot.dialogue.classifier.classifier import MAX_OWN
from voicebot.dialogue.classifier.store import LearntStore, key_of
from voicebot.dialogue.learning import LANGUAGES, learn_languages
from voicebot.dialogue.matching import Label
from voicebot.dialogue.vectors import MODEL_ID, derived_of
from voicebot.dialogue.wording import essence, normalise

PARKING, PRICE = Label(faq=0), Label(faq=1)
OWN = {
    "zh": [(PARKING, "有地方停车吗"), (PARKING, "停车方便吗"), (PRICE, "多少钱"), (PRICE, "收费贵不贵")],
    "en": [(PARKING, "where can I park"), (PARKING, "is there a car park"), (PRICE, "how much is it")],
}


def classifier(language: str) -> Classifier:
    return Classifier(background_of(language, encoder()), OWN[language], encoder())


def shares(known: Classifier, language: str, text: str) -> dict[Label, float]:
    plain = normalise(text)
    (likelihood,) = known([plain], encoder().encode([essence(plain, language)]))
    weights = likelihood.weights()
    return dict(zip(likelihood.labels, (weights / weights.sum()).tolist(), strict=True))


@pytest.mark.parametrize(
    ("language", "text", "label"),
    [
        ("zh", "停车要不要钱", PARKING),
        ("zh", "收费会不会很贵", PRICE),
        ("zh", "转员工", Label(intent="human")),
        ("zh", "麻烦再讲一遍刚才没听清", Label(intent="repeat")),
        ("en", "is there somewhere to park", PARKING),
        ("en", "could i speak to somebody please", Label(intent="human")),
    ],
)
def test_what_is_meant_is_likeliest(language: str, text: str, label: Label) -> None:
    found = shares(classifier(language), language, text)
    assert max(found, key=found.__getitem__) == label


@pytest.mark.parametrize("language", ["zh", "en"])
def test_examples_are_known_and_the_background_means_nothing(language: str) -> None:
    known = classifier(language)
    for label, text in OWN[language]:
        assert shares(known, language, text)[label] > 0.5
    texts = builtin_background(language)[::9]
    assert np.mean([shares(known, language, text)[NONE] > 0.5 for text in texts]) > 0.9


def test_examples_of_the_background_are_not_learnt_twice() -> None:
    background = background_of("en", encoder())
    again = [(Label(intent=name), text) for name, texts in builtin_intents("en").items() for text in texts]
    same = Classifier(background, again, encoder())
    assert set(same.labels) == set(background.labels)
    assert shares(same, "en", "put me through to a person")[Label(intent="human")] > 0.5


def test_too_many_examples_are_refused() -> None:
    many = [(PRICE, f"price of article {number}") for number in range(MAX_OWN + 1)]
    with pytest.raises(ValueError, match="more than can be learnt"):
        Classifier(background_of("en", encoder()), many, encoder())


def test_what_was_learnt_is_kept(tmp_path: Path) -> None:
    store = LearntStore(tmp_path / "learnt")
    key = key_of("1", texts=["a", "b"])
    arrays = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3)}
    assert store.load(key) is None
    store.keep(key, arrays)
    kept = LearntStore(tmp_path / "learnt").load(key)
    assert kept is not None
    assert kept["weights"].tolist() == arrays["weights"].tolist()
    assert key != key_of("1", texts=["ab"])


def test_a_damaged_file_is_not_loaded(tmp_path: Path) -> None:
    store = LearntStore(tmp_path)
    store.keep("abcd", {"weights": np.ones(4, dtype=np.float32)})
    (file,) = tmp_path.glob("*/*.npz")
    raw = bytearray(file.read_bytes())
    raw[-20] ^= 0xFF
    file.write_bytes(bytes(raw))
    assert store.load("abcd") is None
    file.write_bytes(b"")
    assert store.load("abcd") is None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = LearntStore(tmp_path / "file")
    store.keep("abcd", {"weights": np.ones(4, dtype=np.float32)})
    assert store.load("abcd") is None
    assert LearntStore(None).load("abcd") is None


@pytest.mark.timeout(120)  # it is learnt for real
def test_what_every_bot_knows_is_learnt_once(tmp_path: Path) -> None:
    model = tmp_path / MODEL_ID
    model.mkdir()
    for file in (models() / MODEL_ID).iterdir():
        (model / file.name).symlink_to(file)
    learn_languages(tmp_path)
    kept = {file: file.stat().st_mtime_ns for file in derived_of(tmp_path).glob("*/*.npz")}
    assert len(kept) == len(LANGUAGES)
    learn_languages(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in derived_of(tmp_path).glob("*/*.npz")} == kept


def test_without_the_model_nothing_is_learnt(tmp_path: Path) -> None:
    learn_languages(tmp_path)
    assert list(tmp_path.iterdir()) == []
