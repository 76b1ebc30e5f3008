from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.dialogue.shared import BOTS, encoder
from voicebot.dialogue.documents import DocumentLibrary
from voicebot.dialogue.documents.extraction import MAX_LENGTH, answer_of
from voicebot.dialogue.documents.index import Hit
from voicebot.dialogue.wording import length

OPENING = "# Opening\n\nWe open at nine. We close at six."
PARKING = "# Parking\n\nCars park behind the house. The first hour is free."


class CountingEncoder:
    """The real encoder, and what it was asked for."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return encoder().encode(texts)


class Shelf:
    """A folder of documents, and libraries of it."""

    def __init__(self, folder: Path) -> None:
        self.documents, self.cache = folder / "documents", folder / "cache"
        self.documents.mkdir()
        self.encoder = CountingEncoder()

    def put(self, name: str, content: str | bytes) -> None:
        (self.documents / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def library(self) -> DocumentLibrary:
        """Return a library as after a start of the service."""
        self.encoder.texts.clear()
        library = DocumentLibrary(self.documents, self.encoder, "en", self.cache)
        library.refresh()
        return library


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path)
    shelf.put("opening.md", OPENING)
    shelf.put("parking.md", PARKING)
    return shelf


def best(library: DocumentLibrary, text: str) -> Hit:
    return library.index.search(text, encoder().encode([text])[0])[0]


def test_the_second_start_encodes_nothing(shelf: Shelf) -> None:
    first = shelf.library()
    assert len(shelf.encoder.texts) == 8
    second = shelf.library()
    assert shelf.encoder.texts == []
    assert second.index.chunks == first.index.chunks
    assert best(second, "when do you open") == best(first, "when do you open")


def test_only_what_changed_is_encoded(shelf: Shelf) -> None:
    library = shelf.library()
    shelf.put("parking.md", PARKING.replace("free", "cheap"))
    (shelf.documents / "opening.md").unlink()
    shelf.put("toys.txt", "There are toys.")
    shelf.encoder.texts.clear()
    library.refresh()
    assert not any("open" in text for text in shelf.encoder.texts)
    assert len(shelf.encoder.texts) == 4 + 3
    assert {chunk.document for chunk in library.index.chunks} == {"parking.md", "toys.txt"}
    assert len(list(shelf.cache.iterdir())) == 2


def test_broken_documents_are_named_and_the_others_work(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    shelf.put("broken.pdf", b"%PDF-")
    shelf.put("picture.png", b"")
    shelf.put("empty.md", "")
    shelf.put("~$lock.docx", b"")
    library = shelf.library()
    assert best(library, "where can I park").chunk.document == "parking.md"
    assert [Path(problem.partition(":")[0]).name for problem in library.problems] == ["broken.pdf", "picture.png"]
    told = {
        (record.levelno, name)
        for record in caplog.records
        for name in ("broken.pdf", "empty.md")
        if name in record.message
    }
    assert told == {(logging.ERROR, "broken.pdf"), (logging.WARNING, "empty.md")}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"other"])
def test_a_broken_cache_file_is_made_anew(shelf: Shelf, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    shelf.library()
    file = sorted(shelf.cache.iterdir())[0]
    whole = file.read_bytes()
    file.write_bytes(content)
    assert len(shelf.library().index) == 2
    assert len(shelf.encoder.texts) == 4
    assert "is broken and will be made anew" in caplog.text
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_costs_only_time(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    shelf.cache.write_text("a file in the place of the folder")
    assert len(shelf.library().index) == 2
    assert "cannot be kept" in caplog.text


def test_no_documents(tmp_path: Path) -> None:
    library = DocumentLibrary(tmp_path / "none", encoder(), "en")
    library.refresh()
    assert library.index.search("anything", encoder().encode(["anything"])[0]) == []


@pytest.fixture(scope="module")
def leaflets() -> dict[str, DocumentLibrary]:
    libraries = {}
    for name, language in (("appointment", "zh"), ("service", "en")):
        libraries[name] = DocumentLibrary(BOTS / name / "documents", encoder(), language)
        libraries[name].refresh()
        assert libraries[name].problems == ()
    return libraries


@pytest.mark.parametrize(
    ("name", "question", "heading", "words"),
    [
        ("appointment", "种一颗牙大概多少钱", "种牙的价格", "六千到一万五千"),
        ("appointment", "种植牙能用几年", "种植牙能用多少年", "十到二十年"),
        ("appointment", "孕妇可以拍片子吗", "怀孕能不能拍片和用药", "铅衣"),
        ("appointment", "拔牙后一直流血怎么办", "一直流血怎么办", "来门诊看"),
        ("appointment", "洗牙会把牙洗坏吗", "洗牙会不会伤牙", "不会伤牙"),
        ("appointment", "定金可以退给我吗", "退定金", "全额退还"),
        ("appointment", "美白效果能用多久", "美白能保持多久", "一到两年"),
        ("service", "is roaming in Mexico included", "Roaming in Canada and Mexico", "included"),
        ("service", "do you take broken phones", "Broken phones", "half the price"),
        ("service", "how do I switch roaming on", "Switching roaming on", "Travel"),
        ("service", "do you sell my data", "Who gets your data", "do not sell"),
        ("service", "my eSIM activation failed", "If the activation fails", "Restart"),
    ],
)
def test_answers(leaflets: dict[str, DocumentLibrary], name: str, question: str, heading: str, words: str) -> None:
    language = "zh" if name == "appointment" else "en"
    hit = best(leaflets[name], question)
    answer = answer_of(hit, language)
    assert (hit.chunk.path[-1], hit.score >= 0.6) == (heading, True)
    assert words in answer
    assert answer in hit.chunk.text(language)
    assert length(answer, language) <= MAX_LENGTH[language]


@pytest.mark.parametrize(
    ("name", "question"),
    [
        *(
            ("appointment", text)
            for text in ("今天天气怎么样", "帮我查下股票", "机票多少钱", "怎么去火车站", "我膝盖疼")
        ),
        *(("service", text) for text in ("what's the weather like", "who won the game", "I need a doctor")),
    ],
)
def test_questions_about_other_things_score_low(leaflets: dict[str, DocumentLibrary], name: str, question: str) -> None:
    assert best(leaflets[name], question).score < 0.5
