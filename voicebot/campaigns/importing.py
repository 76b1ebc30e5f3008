"""Rows of a table become numbers to call, and a report of those that cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from voicebot.campaigns.csvtable import Row
from voicebot.campaigns.sheet import Sheet, too_long
from voicebot.errors import SheetError
from voicebot.storage.campaigns import NewContact
from voicebot.storage.e164 import e164

_NUMBER_COLUMNS = (
    *("number", "phone", "phone_number", "phone number", "mobile", "telephone", "tel"),
    *("手机号", "手机号码", "手机", "电话", "电话号码", "联系电话", "号码", "被叫号码"),
)
_LONGEST_NAME = 64
# What becomes of a number in a cell that is none for text: 1.39E+10 (Excel), 13800138000.0 (columns with gaps), '138...
_ROUNDED = re.compile(r"[0-9]([.,][0-9]*)?E\+?[0-9]+", re.IGNORECASE)
_DECIMAL = re.compile(r"(\+?[0-9]{7,})\.0+")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out.

    Attributes:
        line: its line in the file.
        code: stable name of the reason.
        message: the reason, for people; it quotes no number.
    """

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of a file.

    Attributes:
        rows: rows with anything in them, the header not counted.
        imported: numbers that were added.
        bad: the others, by line.
    """

    rows: int
    imported: int
    bad: Sequence[BadRow] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What a row is checked against.

    Attributes:
        country: code of numbers that are written without one.
        known: numbers that the campaign has already.
        blocked: returns those of many numbers that are on the blacklist.
    """

    country: str
    known: Collection[str]
    blocked: Callable[[Iterable[str]], set[str]]


def read_contacts(sheet: Sheet, check: RowCheck, number_column: str = "") -> tuple[list[NewContact], ImportReport]:
    """Check every row; a bad one never keeps the others out.

    Args:
        sheet: the table.
        check: what the rows are checked against.
        number_column: name of the column with the numbers; "": the first with a usual name.

    Raises:
        SheetError: no column has the numbers, or two columns have one name.
    """
    column = _number_column(sheet.header, number_column)
    names = _variable_names(sheet.header, column)
    good: dict[str, NewContact] = {}
    bad = [BadRow(row.line, "broken", row.message) for row in sheet.broken]
    for row in sheet.rows:
        found = _contact(row, column, names, check.country)
        reason = found if isinstance(found, BadRow) else _repeated(found, good, check.known)
        if reason is not None:
            bad.append(reason)
        elif isinstance(found, NewContact):
            good[found.number] = found
    refused = [good.pop(number) for number in check.blocked(good) & good.keys()]
    bad += [BadRow(contact.row, "blacklisted", "the number is on the blacklist") for contact in refused]
    bad.sort(key=lambda one: one.line)
    return list(good.values()), ImportReport(len(sheet.rows) + len(sheet.broken), len(good), tuple(bad))


def _contact(row: Row, column: int, names: Sequence[str], country: str) -> NewContact | BadRow:
    line, cells = row
    if len(cells) > len(names) and any(cells[len(names) :]):
        return BadRow(line, "too_many_cells", f"{len(cells)} cells, but only {len(names)} columns have a name")
    if too_long(cells):
        return BadRow(line, "too_long", "a cell is longer than 2000 characters")
    cells = [*cells, *[""] * (len(names) - len(cells))]
    written = _plain(cells[column])
    if not written:
        return BadRow(line, "no_number", "no number")
    if _ROUNDED.fullmatch(written):
        return BadRow(
            line, "rounded", "a spreadsheet has rounded it (like 1.39E+10): make the column text, fill it again"
        )
    try:
        number = e164(written, country)
    except ValueError as error:
        return BadRow(line, "invalid_number", str(error))
    pairs = zip(names, cells, strict=False)
    return NewContact(number, line, {name: cell for name, cell in pairs if name and cell})


def _plain(cell: str) -> str:
    """Return a number without what spreadsheets and programs put around one."""
    text = cell.removeprefix("'").strip()
    decimal = _DECIMAL.fullmatch(text)
    return decimal.group(1) if decimal else text


def _repeated(contact: NewContact, good: dict[str, NewContact], known: Collection[str]) -> BadRow | None:
    if contact.number in good:
        return BadRow(contact.row, "duplicate", f"the same number as in line {good[contact.number].row}")
    if contact.number in known:
        return BadRow(contact.row, "already_there", "the campaign has this number already")
    return None


def _number_column(header: Sequence[str], wanted: str) -> int:
    plain = [name.strip().lower() for name in header]
    for name in [wanted.strip().lower()] if wanted else _NUMBER_COLUMNS:
        if name in plain:
            return plain.index(name)
    if wanted:
        raise SheetError(f"there is no column {wanted!r}; the columns are: {', '.join(header)}")
    raise SheetError(
        "no column has the numbers: the first line has to name one of them 'number', "
        "or say which it is (--number-column, over HTTP ?number_column=)"
    )


def _variable_names(header: Sequence[str], column: int) -> list[str]:
    """Return the variable of each column, "" for that of the number and for those without a name."""
    names = ["" if place == column else name.strip() for place, name in enumerate(header)]
    used = [name for name in names if name]
    if len(used) != len(set(used)):
        raise SheetError("two columns have the same name")
    if any(len(name) > _LONGEST_NAME for name in used):
        raise SheetError(f"the name of a column is longer than {_LONGEST_NAME} characters")
    return names
