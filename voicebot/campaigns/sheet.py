"""Tables of numbers: CSV of any usual kind, and XLSX (ECMA-376, read by openpyxl)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import openpyxl

from voicebot.errors import SheetError

Row = tuple[int, list[str]]
"""Number of the line in the file, from 1, and its cells."""

_ENCODINGS = ("utf-8-sig", "gb18030")  # what Excel writes in China is the latter
_DELIMITERS = ",;\t|"
_MOST_CELLS = 200
_LONGEST_CELL = 2000
_MOST_UNPACKED_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its header and its rows."""

    header: Sequence[str]
    rows: Sequence[Row]


def read_sheet(file: str, content: bytes, most_rows: int) -> Sheet:
    """Read a table; which kind it is, its first bytes tell.

    Args:
        file: its name, for errors.
        content: all of it.
        most_rows: more are refused.

    Raises:
        SheetError: it is no table, has no header, or is too large.
    """
    rows = _xlsx_rows(file, content) if content.startswith(b"PK\x03\x04") else _csv_rows(file, content)
    filled = ((line, cells) for line, cells in rows if any(cells))
    _, header = next(filled, (0, []))
    if not header:
        raise SheetError(f"{file}: the table is empty; its first line names the columns")
    kept: list[Row] = []
    for row in filled:
        if len(kept) == most_rows:
            raise SheetError(f"{file}: more than {most_rows} rows; split it (dialling.max_import_rows)")
        kept.append(row)
    return Sheet(header, kept)


def _csv_rows(file: str, content: bytes) -> Iterator[Row]:
    text = _decoded(file, content)
    # The header decides: a comma inside of a value further down must not.
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 0
    try:
        for cells in reader:
            # A quoted value may go over several lines; the row is where it begins.
            yield line + 1, [cell.strip() for cell in cells]
            line = reader.line_num
    except csv.Error as error:
        raise SheetError(f"{file}:{line + 1}: not CSV: {error}") from None


def _decoded(file: str, content: bytes) -> str:
    if b"\0" in content:
        raise SheetError(f"{file}: neither CSV nor XLSX")
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError(f"{file}: the text is neither UTF-8 nor GB 18030")


def _xlsx_rows(file: str, content: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED_BYTES:
                raise SheetError(f"{file}: larger than it should be once it is unpacked")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except SheetError:
        raise
    except Exception as error:  # openpyxl lets out whatever the XML, the archive or a value of it raises
        raise SheetError(f"{file}: not an XLSX file that can be read ({type(error).__name__})") from error
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise SheetError(f"{file}: there is no sheet in it")
        for line, cells in enumerate(sheet.iter_rows(values_only=True, max_col=_MOST_CELLS), start=1):
            yield line, _trimmed([_written(cell) for cell in cells])
    except SheetError:
        raise
    except Exception as error:
        raise SheetError(f"{file}: not an XLSX file that can be read ({type(error).__name__})") from error
    finally:
        book.close()


def _written(cell: object) -> str:
    """Return a cell as a person reads it: a telephone number that Excel took for a number has no ".0"."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes").removesuffix(" 00:00")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def too_long(cells: Sequence[str]) -> bool:
    """Whether a cell is longer than a variable may be."""
    return any(len(cell) > _LONGEST_CELL for cell in cells)
