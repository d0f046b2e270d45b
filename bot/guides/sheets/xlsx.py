"""The spreadsheet as an Excel file. What a person typed stays text: nothing in it is ever a formula."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from bot.guides.report import Flag
from bot.guides.sheets.layout import SHEETS, Column, Kind, Sheet, Titles
from bot.guides.sheets.reading import MAX_ROWS, RawSheet
from bot.guides.sheets.writing import Book
from ticketing.errors import Invalid

MAX_FILE, MAX_UNPACKED, MAX_PARTS = 10_000_000, 120_000_000, 200
MAX_COLUMNS = 40
MAX_CELL = 32_767
_ROOM = 500
_WIDE, _NARROW, _LONG = 44, 14, frozenset({"text", "summary", "name", "note", "source"})
_CODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# XML cannot hold these; Excel writes them as _xHHHH_, and so the words “_x0041_” themselves are written coded too.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_HEAD = PatternFill("solid", fgColor="DCEBFF")
_WRONG = PatternFill("solid", fgColor="FFC7CE")


def write(book: Book, titles: Titles) -> bytes:
    """The rows as an Excel file: headings that stay in view, lists to choose from, every value as text."""
    workbook = Workbook(write_only=True)
    notes = workbook.create_sheet(titles.notes_title)
    notes.column_dimensions["A"].width = 100
    for line in titles.notes:
        notes.append([_cell(notes, line, wrap=True)])
    for sheet in SHEETS:
        _sheet(workbook.create_sheet(titles.sheets[sheet.id]), sheet, book[sheet.id], titles)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _sheet(page: Any, sheet: Sheet, rows: Sequence[Sequence[str]], titles: Titles) -> None:
    page.freeze_panes = "C2"
    for at, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(at)
        page.column_dimensions[letter].width = _WIDE if column.id in _LONG else _NARROW
        choices = _choices(column, titles)
        if choices:
            validation = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            validation.add(f"{letter}2:{letter}{len(rows) + _ROOM}")
            page.data_validations.append(validation)
    for number, row in enumerate(rows):
        page.append([_cell(page, value, head=number == 0) for value in row])


def _choices(column: Column, titles: Titles) -> Sequence[str]:
    if column.kind is Kind.YES_NO:
        return (titles.yes, titles.no)
    return tuple(titles.elements.values()) if column.kind is Kind.ELEMENT else ()


def _cell(page: Any, value: str, *, head: bool = False, wrap: bool = False) -> Any:
    text = _UNFIT.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
    if len(text) > MAX_CELL:
        raise Invalid("cell_too_long", limit=MAX_CELL)
    cell = WriteOnlyCell(page, value=text or None)
    if text:
        cell.data_type = "s"  # openpyxl takes what begins with “=” for a formula
    cell.number_format = "@"
    cell.quotePrefix = text[:1] in {"=", "+", "-", "@"}
    if head:
        cell.font, cell.fill = Font(bold=True), _HEAD
    if wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def read(data: bytes) -> dict[str, RawSheet]:
    """The sheets of an Excel file by title, values as people see them; formulas and errors are told apart."""
    _check(data)
    try:
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        return {page.title: _raw(page) for page in workbook.worksheets}
    except Invalid:
        raise
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        SyntaxError,
    ) as error:
        # openpyxl meets damaged parts with whatever its parser raises; ParseError is a SyntaxError.
        raise Invalid("not_a_workbook") from error


def _check(data: bytes) -> None:
    """Refuse what is no workbook, unpacks to too much, or declares entities, before the parser sees it."""
    if len(data) > MAX_FILE:
        raise Invalid("file_too_large", limit=MAX_FILE // 1_000_000)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Invalid("file_too_large", limit=MAX_FILE // 1_000_000)
            declared = any(b"<!DOCTYPE" in archive.open(part).read(2048).upper() for part in parts)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Invalid("not_a_workbook") from error
    if declared:
        raise Invalid("not_a_workbook")


def _raw(page: Any) -> RawSheet:
    page.reset_dimensions()
    rows: list[list[str]] = []
    odd: dict[tuple[int, int], str] = {}
    last = 0
    for number, cells in enumerate(page.iter_rows(max_col=MAX_COLUMNS), 1):
        if number > MAX_ROWS:
            raise Invalid("too_many_rows", limit=MAX_ROWS)
        row = []
        for at, cell in enumerate(cells):
            if cell.data_type in {"f", "e"}:
                odd[number, at] = "formula" if cell.data_type == "f" else "error_value"
            row.append(_text(cell.value))
        rows.append(row)
        last = number if any(row) else last
    return RawSheet(rows[:last], odd)


def _text(value: Any) -> str:
    """A value as the words a person would have typed."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime() | date():
            return value.strftime("%Y-%m-%d")
        case float() if value.is_integer():
            return str(int(value))
        case str():
            return _CODED.sub(lambda found: chr(int(found[1], 16)), value)
        case _:
            return str(value)


def marked(data: bytes, flags: Sequence[tuple[Flag, str]]) -> bytes:
    """The same file with every wrong cell coloured and the reason beside it, to be corrected and sent again."""
    _check(data)
    try:
        workbook = load_workbook(io.BytesIO(data), keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, IndexError, SyntaxError) as error:
        raise Invalid("not_a_workbook") from error
    for flag, why in flags:
        if flag.sheet not in workbook.sheetnames:
            continue
        page = workbook[flag.sheet]
        heads = {str(cell.value).strip(): cell.column for cell in page[1] if cell.value is not None}
        cell = page.cell(flag.position, heads.get(flag.column, 1))
        said = f"{cell.comment.text}\n{why}" if cell.comment else why
        cell.fill, cell.comment = _WRONG, Comment(said[:1000], "12345")
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()
