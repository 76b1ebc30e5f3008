from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialogue.shared import SMALL_BOT
from voicebot.dialogue import load_bot
from voicebot.dialogue.bot import FaqEntry
from voicebot.dialogue.faqfile import read_csv
from voicebot.errors import ConfigError

ZH = "问题,相似问法,答案,主题\n有地方停车吗,停车方便吗|停车收费吗,楼下有停车场。,停车\n"


def table(folder: Path, content: bytes | str) -> list[FaqEntry]:
    file = folder / "faq.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [entry for _, entry in read_csv(file)]


@pytest.mark.parametrize(
    "content",
    [
        ZH.encode(),
        codecs.BOM_UTF8 + ZH.encode(),
        ZH.encode("gbk"),
        ZH.encode("utf-16"),
        ZH.replace("\n", "\r\n").encode("gb18030"),
        ZH.replace(",", ";").encode(),
        ZH.replace(",", "\t").encode("utf-16"),
        ("\n,,,\n" + ZH + "\n\n").encode(),
    ],
)
def test_tables_as_programs_save_them(tmp_path: Path, content: bytes) -> None:
    assert table(tmp_path, content) == [
        FaqEntry("有地方停车吗", ("楼下有停车场。",), ("停车方便吗", "停车收费吗"), topic="停车")
    ]


def test_cells_with_several_lines(tmp_path: Path) -> None:
    entries = table(tmp_path, 'question,answer,similar,id,tags\nA?,"One,\ntwo.","b?\nc?",7,x|y\nD?,E.,,,\n')
    assert entries[0] == FaqEntry("A?", ("One, two.",), ("b?", "c?"), id="7", tags=("x", "y"))
    assert entries[1] == FaqEntry("D?", ("E.",))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "faq.csv:1: is empty"),
        ("question,reply\n", "faq.csv:1: 'reply' is no column"),
        ("question,问题,answer\n", "faq.csv:1: the column '问题' stands here a second time"),
        ("question\nx\n", "faq.csv:1: the column 'answer' is missing"),
        ("question,answer\na,b\n\nc,\n", "faq.csv:4: has no answer"),
        ("question,answer\na,b,c\n", "faq.csv:2: has more than 2 cells"),
        ('question,answer\n"a\nb",c\n"d,e\n', "faq.csv:4: is not CSV"),
        ("question,answer\na,{{b\n", "faq.csv:2: the braces do not pair"),
        (b"question,answer\na,\xff\xff\n", "neither UTF-8 nor GB18030"),
        ("question,answer\na," + "b" * 30_000, "faq.csv:2: has a cell with more than"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, content: bytes | str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem.replace("?", r"\?")):
        table(tmp_path, content)


def outcome(folder: Path, content: bytes) -> list[FaqEntry] | str:
    """Return the entries, or what the error says."""
    try:
        return table(folder, content)
    except ConfigError as error:
        return str(error)


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5))
def test_what_a_spreadsheet_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("question", "similar", "answer"), *rows])
    entries = outcome(tmp_path_factory.mktemp("faq"), codecs.BOM_UTF8 + out.getvalue().encode())
    if isinstance(entries, str):
        assert "faq.csv:" in entries
        return
    kept = [row for row in rows if any(cell.strip().lstrip("\ufeff") for cell in row)]
    assert [entry.question for entry in entries] == [" ".join(row[0].strip().lstrip("\ufeff").split()) for row in kept]


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: f"question,answer\n{text}".encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    entries = outcome(tmp_path_factory.mktemp("faq"), content)
    if isinstance(entries, str):
        assert "faq.csv" in entries
    else:
        assert all(entry.question and entry.answer for entry in entries)


def load(folder: Path, text: str = SMALL_BOT, **files: str) -> list[str]:
    (folder / "bot.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    return [entry.question for entry in load_bot(folder / "bot.yaml").faq]


def test_all_files_of_a_bot_add_up(tmp_path: Path) -> None:
    files = {
        "faq_csv": "question,answer\nIs it big?,No.\n",
        "faq_yaml": '- {question: "Is it red?", answer: [Yes., Sure.]}',
    }
    assert load(tmp_path, **files) == ["What does it cost?", "Is it red?", "Is it big?"]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"faq_csv": "question,answer\nWhat does it cost?,No.\n"},
            r"faq.csv:2: the question .* stands in .*bot.yaml:\d+",
        ),
        ({"faq_csv": "question,answer,id\na,b,7\nc,d,7\n"}, "faq.csv:3: the id '7' stands in .*faq.csv:2"),
        ({"faq_yaml": "- {question: a}"}, "faq.yaml:1: .*'answer' is missing"),
        ({"faq_yaml": '- {question: a, answer: "{{b"}'}, "faq.yaml:1: .*braces"),
    ],
)
def test_mistakes_name_the_file(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        load(tmp_path, **files)


def test_intents_beside_the_bot(tmp_path: Path) -> None:
    load(
        tmp_path,
        SMALL_BOT + "\nintents: {cheap: [is it cheap]}",
        intents_yaml="cheap: [low price]\nbusy: [not now dear]",
    )
    intents = load_bot(tmp_path / "bot.yaml").intents
    assert intents["cheap"] == ("is it cheap", "low price")
    assert "not now dear" in intents["busy"]
    assert "i'm busy" in intents["busy"]


def test_small_talk_can_be_turned_off(tmp_path: Path) -> None:
    load(tmp_path)
    assert len(load_bot(tmp_path / "bot.yaml").chitchat) > 50
    load(tmp_path, SMALL_BOT + "\nchitchat: false")
    assert load_bot(tmp_path / "bot.yaml").chitchat == ()
