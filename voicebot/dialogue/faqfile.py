"""Read the questions and answers that lie beside a bot's ``bot.yaml``: ``faq.yaml``, and ``faq.csv`` from Excel."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from voicebot.dialogue.bot import FaqEntry
from voicebot.dialogue.textfile import decode, read_bytes
from voicebot.dialogue.texts import unpaired_braces
from voicebot.dialogue.yamltree import Item, read_yaml
from voicebot.errors import ConfigError

CSV_NAME, YAML_NAME = "faq.csv", "faq.yaml"
BRACES = "the braces do not pair; a variable is written {{name}} or {{name|default}}"
_COLUMNS = {
    **{"question": "question", "问题": "question", "标准问题": "question", "标准问": "question"},
    **{"similar": "similar", "相似问法": "similar", "相似问题": "similar", "相似问": "similar"},
    **{"answer": "answer", "答案": "answer", "回答": "answer"},
    **{"topic": "topic", "主题": "topic", "id": "id", "编号": "id", "tags": "tags", "标签": "tags"},
}
_REQUIRED = ("question", "answer")
_SEPARATORS = re.compile(r"[|｜\n]")
_DELIMITERS = ",;\t"
_MAX_CELL = 20_000

Placed = tuple[str, FaqEntry]
"""An entry, and where it stands as ``file:line``."""


def read_faq_files(folder: Path) -> list[Placed]:
    """Return the entries of all FAQ files of a bot; none if there are no such files.

    Raises:
        ConfigError: a file is wrong; names file and line.
    """
    entries: list[Placed] = []
    if (folder / YAML_NAME).is_file():
        entries += [(item.where, read_entry(item)) for item in read_yaml(folder / YAML_NAME).list()]
    if (folder / CSV_NAME).is_file():
        entries += read_csv(folder / CSV_NAME)
    return entries


def read_entry(item: Item) -> FaqEntry:
    """Read an entry of a YAML file.

    Raises:
        ConfigError: a key is missing or not known, or a value is wrong.
    """
    entries = item.map(("question", "similar", "answer", "topic", "id", "tags"))
    for key in _REQUIRED:
        if key not in entries:
            item.fail(f"'{key}' is missing")
    for leaf in item.leaves():
        if unpaired_braces(leaf.text_or_empty()):
            leaf.fail(BRACES)
    return FaqEntry(
        question=entries["question"].text(),
        answer=entries["answer"].texts(),
        similar=entries["similar"].texts() if "similar" in entries else (),
        topic=entries["topic"].text() if "topic" in entries else "",
        id=entries["id"].text() if "id" in entries else "",
        tags=entries["tags"].texts() if "tags" in entries else (),
    )


def read_csv(file: Path) -> list[Placed]:
    """Read a table: a line with the names of the columns, then an entry a line.

    UTF-8 with or without a byte order mark, UTF-16 with one, and GB18030, which is what Excel writes in China.

    Raises:
        ConfigError: the file cannot be read, or a line is wrong.
    """
    return list(_entries(file, decode(file, read_bytes(file))))


def _entries(file: Path, text: str) -> Iterator[Placed]:
    first_line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            _fail(file, line, f"is not CSV: {error} (a quotation mark inside a cell is written twice)")
        if cells is None:
            break
        values = [_trimmed(cell) for cell in cells]
        if not any(values):
            continue
        if not columns:
            columns = _columns(file, line, values)
        else:
            yield f"{file}:{line}", _entry(file, line, columns, values)
    if not columns:
        _fail(file, 1, f"is empty; the first line names the columns: {', '.join(_REQUIRED)}, similar")


def _columns(file: Path, line: int, names: list[str]) -> list[str]:
    columns = []
    while names and not names[-1]:
        names.pop()
    for name in names:
        column = _COLUMNS.get(name.lower())
        if column is None:
            _fail(file, line, f"'{name}' is no column; allowed: {', '.join(_COLUMNS)}")
        if column in columns:
            _fail(file, line, f"the column '{name}' stands here a second time")
        columns.append(column)
    for column in _REQUIRED:
        if column not in columns:
            _fail(file, line, f"the column '{column}' is missing")
    return columns


def _entry(file: Path, line: int, columns: list[str], values: list[str]) -> FaqEntry:
    if any(values[len(columns) :]):
        _fail(file, line, f"has more than {len(columns)} cells; a text with a comma goes into quotation marks")
    cells = dict(zip(columns, values, strict=False))
    for column in _REQUIRED:
        if not cells.get(column):
            _fail(file, line, f"has no {column}")
    for text in cells.values():
        if len(text) > _MAX_CELL:
            _fail(file, line, f"has a cell with more than {_MAX_CELL} characters")
        if unpaired_braces(text):
            _fail(file, line, BRACES)
    return FaqEntry(
        question=_one_line(cells["question"]),
        answer=(_one_line(cells["answer"]),),
        similar=_parts(cells.get("similar", "")),
        topic=_one_line(cells.get("topic", "")),
        id=cells.get("id", ""),
        tags=_parts(cells.get("tags", "")),
    )


def _trimmed(cell: str) -> str:
    return cell.strip().lstrip("\ufeff")


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SEPARATORS.split(cell.replace("\r", "\n")) if part.strip())


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _fail(file: Path, line: int, problem: str) -> NoReturn:
    raise ConfigError(f"{file}:{line}: {problem}")
