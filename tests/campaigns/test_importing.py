from __future__ import annotations

import contextlib
import csv
import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.campaigns.importing import ImportReport, RowCheck, read_contacts
from voicebot.campaigns.sheet import read_sheet
from voicebot.errors import SheetError
from voicebot.storage.campaigns import NewContact

CHECK = RowCheck("86", known={"+8613800000009"}, blocked=lambda numbers: {"+8613800000008"} & set(numbers))


def imported(content: bytes, column: str = "", file: str = "list.csv") -> tuple[list[NewContact], ImportReport]:
    return read_contacts(read_sheet(file, content, 1000), CHECK, column)


def test_good_rows_come_in_and_bad_ones_are_named_by_line() -> None:
    rows = [
        "number,name,due",
        "13800000001,Ann,12",
        "",
        "12,Short,",
        "13800000001,Again,",
        "+86 138-0000-0002,,13",
        ",Nobody,",
        "13800000003,a,b,c",
        "13800000008,Blocked,",
        "13800000009,Known,",
        '"13800000004","two',
        'lines",5',
        "call me,Words,",
        f"13800000005,{'x' * 2001},",
    ]
    contacts, report = imported("\r\n".join(rows).encode())
    assert [(one.number, one.row, one.variables) for one in contacts] == [
        ("+8613800000001", 2, {"name": "Ann", "due": "12"}),
        ("+8613800000002", 6, {"due": "13"}),
        ("+8613800000004", 11, {"name": "two\r\nlines", "due": "5"}),
    ]
    assert [(bad.line, bad.code) for bad in report.bad] == [
        (4, "invalid_number"), (5, "duplicate"), (7, "no_number"), (8, "too_many_cells"), (9, "blacklisted"),
        (10, "already_there"), (13, "invalid_number"), (14, "too_long"),
    ]  # fmt: skip
    assert (report.rows, report.imported) == (11, 3)
    assert not any("138000" in bad.message for bad in report.bad)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write(encoding: str, delimiter: str) -> None:
    text = delimiter.join(["姓名", "手机号"]) + "\n" + delimiter.join(["王女士", "138 0000 0001"]) + "\n"
    contacts, _ = imported(text.encode(encoding))
    assert [(one.number, one.variables) for one in contacts] == [("+8613800000001", {"姓名": "王女士"})]


def xlsx(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_workbook_with_numbers_that_are_numbers() -> None:
    rows: list[list[Any]] = [
        ["phone", "day", "sum"],
        [13800000001, date(2026, 12, 1), 1.5],
        [13800000002.0, datetime(2026, 12, 1, 9), None],
    ]
    contacts, report = imported(xlsx(rows), file="list.xlsx")
    assert [(one.number, one.variables) for one in contacts] == [
        ("+8613800000001", {"day": "2026-12-01", "sum": "1.5"}),
        ("+8613800000002", {"day": "2026-12-01 09:00"}),
    ]
    assert report.bad == ()


@pytest.mark.parametrize(
    ("content", "column", "told"),
    [
        (b"", "", "empty"),
        (b"a,b\n1,2\n", "", "no column has the numbers"),
        (b"a,b\n1,2\n", "c", "there is no column 'c'; the columns are: a, b"),
        (b"number,a,a\n13800000001,1,2\n", "", "same name"),
        (b"number\0\n", "", "neither CSV nor XLSX"),
        (b"number\n\xff\xff\xff", "", "neither UTF-8 nor GB 18030"),
        (b"PK\x03\x04 and then nothing", "", "not an XLSX file"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504), "", r"old kind \(.xls\)"),
        ("number\0\n".encode("utf-16"), "", "nor UTF-16"),
        (b'\n"number\n13800000001\n', "", "list.csv:2: a quote"),
    ],
)
def test_files_that_are_none(content: bytes, column: str, told: str) -> None:
    with pytest.raises(SheetError, match=told):
        imported(content, column)


def test_a_quote_that_is_never_closed_costs_its_own_row_alone() -> None:
    rows = [
        "number,name",
        '13800000001,"never closed',
        '13800000002,"Ann"',
        '13800000003,"Bob" and more',
        "13800000004,Eve's 12\" disc",
        '13800000005,"nor this',
        *(f"138000001{last:02d},{last}" for last in range(100)),
    ]
    contacts, report = imported("\n".join(rows).encode())
    assert [(one.row, one.variables["name"]) for one in contacts[:3]] == [(3, "Ann"), (5, "Eve's 12\" disc"), (7, "0")]
    assert [(bad.line, bad.code) for bad in report.bad] == [(2, "broken"), (4, "broken"), (6, "broken")]
    assert (report.rows, report.imported) == (105, 102)


def test_a_cell_that_is_too_long_for_csv_costs_its_own_row_alone() -> None:
    contacts, report = imported(b"number,name\n13800000001," + b"x" * 200_000 + b"\n13800000002,Ann\n")
    assert [one.row for one in contacts] == [3]
    assert [(bad.line, bad.code) for bad in report.bad] == [(2, "broken")]
    assert "not CSV: field larger" in report.bad[0].message


def test_numbers_that_a_spreadsheet_has_spoilt() -> None:
    contacts, report = imported(b"number\n1.39E+10\n1,39e10\n'13800000001\n13800000002.0\n+447911123456.0\n'\n")
    assert [(one.number, one.row) for one in contacts] == [
        ("+8613800000001", 4), ("+8613800000002", 5), ("+447911123456", 6),
    ]  # fmt: skip
    assert [(bad.line, bad.code) for bad in report.bad] == [(2, "rounded"), (3, "too_many_cells"), (7, "no_number")]
    _, report = imported(b"number;name\n1,39e10;Ann\n")
    assert [bad.code for bad in report.bad] == ["rounded"]


def test_a_workbook_whose_first_sheet_is_empty() -> None:
    with pytest.raises(SheetError, match=r"list.xlsx: the first sheet is empty"):
        imported(xlsx([]), file="list.xlsx")


def test_too_many_rows() -> None:
    with pytest.raises(SheetError, match="more than 3 rows"):
        read_sheet("list.csv", b"number\n" + b"1\n" * 4, 3)
    with pytest.raises(SheetError, match="more than 3 rows"):
        read_sheet("list.csv", b"number\n" + b'"x\n' * 4, 3)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_an_error(content: bytes) -> None:
    with contextlib.suppress(SheetError):
        contacts, report = imported(b"number,name\n" + content)
        assert len(contacts) == report.imported


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(st.integers(0, 40), CELLS), max_size=40))
def test_every_row_is_imported_or_reported(rows: list[tuple[int, str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["number", "name"])
    writer.writerows([f"138000001{last:02d}", name] for last, name in rows)
    contacts, report = imported(file.getvalue().encode())
    assert report.rows == len(rows) == report.imported + len(report.bad)
    assert len(contacts) == report.imported == len({last for last, _ in rows})
    assert len({one.row for one in contacts} | {bad.line for bad in report.bad}) == len(rows)


def test_a_list_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("\n\nnumber\n\n010 8888 6666\n", encoding="utf-8")
    contacts, _ = imported(file.read_bytes())
    assert [(one.number, one.row) for one in contacts] == [("+861088886666", 5)]
