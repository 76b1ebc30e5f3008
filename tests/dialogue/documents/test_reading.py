from __future__ import annotations

import io
import logging
import zipfile
from pathlib import Path

import docx
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialogue.documents.chunking import SIZES, chunks_of
from voicebot.dialogue.documents.document import Document, Section
from voicebot.dialogue.documents.office import MAX_UNPACKED_BYTES
from voicebot.dialogue.documents.reading import MAX_BYTES, read_document
from voicebot.dialogue.wording import length
from voicebot.errors import ConfigError


def sections(name: str, content: str | bytes) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    data = content if isinstance(content, bytes) else content.encode()
    return [(each.path, each.paragraphs) for each in read_document(Path(name), data).sections]


MARKDOWN = """\
---
title: left out
---
Before [a link](http://x) and ![a picture](y.png).

# Teeth
Some **bold** text
on two lines, snake_case stays.
<!-- a
comment -->
## Care ##
* first `point`
* second
1. third

> quoted \\*text\\*

| tooth | price |
|-------|------:|
| front | 5     |

Other
-----
之前分成
两行的。
# Gums
End.
"""


def test_markdown() -> None:
    assert sections("leaflet.md", MARKDOWN) == [
        (("leaflet",), ("Before a link and a picture.",)),
        (("Teeth",), ("Some bold text on two lines, snake_case stays.",)),
        (("Teeth", "Care"), ("first point", "second", "third", "quoted *text*", "tooth price", "front 5")),
        (("Teeth", "Other"), ("之前分成两行的。",)),
        (("Gums",), ("End.",)),
    ]


def test_plain_text_in_an_encoding_of_china() -> None:
    assert sections("价格.txt", "洗牙\r\n一百八。\r\n\r\n补牙两百。".encode("gbk")) == [
        (("价格",), ("洗牙一百八。", "补牙两百。"))
    ]


HTML = """<html><head><title>No</title><style>p {}</style></head><body><nav>Menu</nav>
<h1>Data <em>safety</em></h1>Loose <b>words</b><p>One<br>two.</p><div>Three <!-- no --> <p>four</p> five</div>
<table><tr><th>Plan</th><td>10</td></tr></table><script>alert(1)</script><h2></h2><ul><li>six<li>seven</ul></body>"""


def test_html() -> None:
    assert sections("a.html", HTML) == [
        (("Data safety",), ("Loose words", "One two.", "Three", "four", "five", "Plan 10", "six", "seven"))
    ]


def word_file() -> bytes:
    document = docx.Document()
    document.add_heading("Whitening", level=1)
    document.add_paragraph("It lasts a year.")
    document.add_heading("Price", level=2)
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "lamp", "1600"
    document.add_paragraph("  ")
    document.add_paragraph("No tea afterwards.")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_word_files() -> None:
    assert sections("a.docx", word_file()) == [
        (("Whitening",), ("It lasts a year.",)),
        (("Whitening", "Price"), ("lamp 1600", "No tea afterwards.")),
    ]


def pdf_file(text: str) -> bytes:
    """Return a PDF of one page with some words."""
    stream = f"BT /F1 12 Tf 72 720 Td 14 TL {text} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


def test_pdf() -> None:
    content = pdf_file("(Deposits are) ' (paid back.) ' (Bring the receipt.) '")
    assert sections("refund.pdf", content) == [(("refund",), ("Deposits are paid back.", "Bring the receipt."))]


def test_a_pdf_without_text_is_empty() -> None:
    assert sections("scan.pdf", pdf_file("")) == []


def encrypted() -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (MAX_UNPACKED_BYTES + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.pdf", b"%PDF-1.4 nothing", "a.pdf: is no PDF that can be read"),
        ("a.pdf", encrypted(), "a.pdf: is encrypted"),
        ("a.docx", b"PK\x03\x04 nothing", "a.docx: is no Word file"),
        ("a.docx", bomb(), "a.docx: unpacks to more than 100 MB"),
        ("a.txt", b"\xff\xff\xff", "a.txt: is neither UTF-8 nor GB18030"),
        ("a.exe", b"", "a.exe: is no document that can be read; allowed: .md"),
        ("a.md", b" " * (MAX_BYTES + 1), "a.md: is larger than 30 MB"),
    ],
)
def test_what_cannot_be_read_is_named(name: str, content: bytes, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read_document(Path(name), content)


def outcome(name: str, content: bytes) -> Document | str:
    try:
        return read_document(Path(name), content)
    except ConfigError as error:
        return str(error)


NAMES = st.sampled_from(["a.md", "a.txt", "a.html", "a.pdf", "a.docx"])


@given(NAMES, st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(name: str, content: bytes) -> None:
    with _quiet("pypdf"):
        found = outcome(name, content)
    assert isinstance(found, Document) or name in found


@settings(max_examples=40)
@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    name, whole = data.draw(st.sampled_from([("a.pdf", pdf_file("(Words.) '")), ("a.docx", word_file())]))
    start = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:start] + data.draw(st.binary(max_size=4)) + whole[start + data.draw(st.integers(0, 9)) :]
    with _quiet("pypdf"):
        found = outcome(name, damaged)
    assert isinstance(found, Document) or name in found


class _quiet:  # noqa: N801
    """The library tells of every oddity in a file; here all of them are odd."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def __enter__(self) -> None:
        self._logger.disabled = True

    def __exit__(self, *_: object) -> None:
        self._logger.disabled = False


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="<>&"), min_size=1)


@given(st.lists(st.tuples(st.sampled_from(["p", "div", "li", "h2", "span", "td"]), WORDS), max_size=12))
def test_html_keeps_the_order_of_its_words(parts: list[tuple[str, str]]) -> None:
    page = "".join(f"<{tag}>{words}</{tag}>" for tag, words in parts)
    document = read_document(Path("a.html"), page.encode())
    said = "".join("".join(section.paragraphs) for section in document.sections)
    expected = "".join(words for tag, words in parts if tag != "h2")
    assert "".join(said.split()) == "".join(expected.split())


TEXTS = st.text(st.sampled_from("牙疼。，！a b.?3;：\n种") | st.characters(exclude_categories=["Cs"]), max_size=700)


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=4), max_size=4), st.sampled_from(["zh", "en"]))
def test_passages_keep_all_text_in_order(texts: list[list[str]], language: str) -> None:
    document = Document("a.md", tuple(Section((str(at),), tuple(each)) for at, each in enumerate(texts)))
    chunks = chunks_of(document, language)
    said = "".join(sentence for chunk in chunks for sentence in chunk.sentences)
    assert "".join(said.split()) == "".join("".join("".join(each) for each in texts).split())
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert all(sentence.strip() == sentence != "" for chunk in chunks for sentence in chunk.sentences)
    assert all(length(chunk.text(language), language) <= SIZES[language][1] for chunk in chunks)


def test_passages_are_filled_and_do_not_reach_over_headings() -> None:
    sentence = "洗牙以后两个小时不要吃东西。"
    document = Document("a.md", (Section(("A",), (sentence * 40,)), Section(("B",), (sentence,))))
    chunks = chunks_of(document, "zh")
    low, high = SIZES["zh"]
    sizes = [length(chunk.text("zh"), "zh") for chunk in chunks]
    assert all(low <= size <= high for size in sizes[:-2])
    assert [chunk.path for chunk in chunks][-2:] == [("A",), ("B",)]
    assert chunks_of(document, "zh") == chunks
