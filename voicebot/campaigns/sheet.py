"""Tables of numbers: CSV of any usual kind, and XLSX (ECMA-376, read by openpyxl)."""

from __future__ import annotations

import codecs
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import openpyxl

from voicebot.campaigns.csvtable import BrokenRow, Row, csv_rows
from voicebot.errors import SheetError

_ENCODINGS = ("utf-8-sig", "gb18030")  # what Excel writes in China is the latter
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what it calls "Unicode text"
_OLD_EXCEL = bytes.fromhex("D0CF11E0A1B11AE1")  # the compound file of XLS ([MS-CFB] 2.2)
_MOST_CELLS = 200
_LONGEST_CELL = 2000
_MOST_UNPACKED_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table.

    Attributes:
        header: names of the columns.
        rows: rows with anything in them.
        broken: those that cannot be read.
    """

    header: Sequence[str]
    rows: Sequence[Row]
    broken: Sequence[BrokenRow] = ()


def read_sheet(file: str, content: bytes, most_rows: int) -> Sheet:
    """Read a table; which kind it is, its first bytes tell.

    Args:
        file: its name, for errors.
        content: all of it.
        most_rows: more are refused.

    Raises:
        SheetError: it is no table, has no header, or is too large.
    """
    is_xlsx = content.startswith(b"PK\x03\x04")
    rows = _xlsx_rows(file, content) if is_xlsx else csv_rows(_decoded(file, content))
    filled = (row for row in rows if isinstance(row, BrokenRow) or any(row[1]))
    header = next(filled, None)
    if header is None:
        table = "first sheet" if is_xlsx else "table"
        raise SheetError(f"{file}: the {table} is empty; its first line names the columns")
    if isinstance(header, BrokenRow):
        raise SheetError(f"{file}:{header.line}: {header.message}")
    kept: list[Row] = []
    broken: list[BrokenRow] = []
    for row in filled:
        if len(kept) + len(broken) == most_rows:
            raise SheetError(f"{file}: more than {most_rows} rows; split it (dialling.max_import_rows)")
        if isinstance(row, BrokenRow):
            broken.append(row)
        else:
            kept.append(row)
    return Sheet(header[1], kept, broken)


def _decoded(file: str, content: bytes) -> str:
    if content.startswith(_OLD_EXCEL):
        raise SheetError(f"{file}: an Excel file of the old kind (.xls); save it as .xlsx or CSV")
    in_utf16 = content.startswith(_UTF16)
    if b"\0" in content and not in_utf16:
        raise SheetError(f"{file}: neither CSV nor XLSX")
    for encoding in ("utf-16",) if in_utf16 else _ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetError(f"{file}: the text is neither UTF-8 nor GB 18030 nor UTF-16")


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
