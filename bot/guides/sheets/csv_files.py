"""The spreadsheet as CSV files, one a sheet, in a folder or a ZIP; the form for those without Excel."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bot.guides.sheets.layout import SHEETS, Titles
from bot.guides.sheets.reading import MAX_ROWS, RawSheet
from bot.guides.sheets.writing import Book
from bot.guides.sheets.xlsx import MAX_FILE, MAX_PARTS, MAX_UNPACKED
from ticketing.errors import Invalid

# A value that begins like a formula gets an apostrophe, as Excel itself writes it; so does one that begins with one.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "'")


def files(book: Book, titles: Titles) -> dict[str, bytes]:
    """File name → content, in UTF-8 with the mark by which Excel knows it."""
    made = {}
    for sheet in SHEETS:
        out = io.StringIO(newline="")
        csv.writer(out).writerows([[_safe(value) for value in row] for row in book[sheet.id]])
        made[f"{titles.sheets[sheet.id]}.csv"] = out.getvalue().encode("utf-8-sig")
    return made


def write(book: Book, titles: Titles) -> bytes:
    """All files in one ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files(book, titles).items():
            archive.writestr(name, content)
    return out.getvalue()


def read(data: bytes) -> dict[str, RawSheet]:
    """The sheets of a ZIP of CSV files by title."""
    if len(data) > MAX_FILE:
        raise Invalid("file_too_large", limit=MAX_FILE // 1_000_000)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [part for part in archive.infolist() if part.filename.lower().endswith(".csv")]
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise Invalid("file_too_large", limit=MAX_FILE // 1_000_000)
            contents = {PurePosixPath(part.filename).stem: archive.read(part) for part in parts}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Invalid("not_a_workbook") from error
    return _sheets(contents)


def read_folder(folder: Path) -> dict[str, RawSheet]:
    """The sheets of a folder of CSV files by title."""
    paths = sorted(folder.glob("*.csv"))
    if sum(path.stat().st_size for path in paths) > MAX_UNPACKED:
        raise Invalid("file_too_large", limit=MAX_FILE // 1_000_000)
    return _sheets({path.stem: path.read_bytes() for path in paths})


def _sheets(contents: Mapping[str, bytes]) -> dict[str, RawSheet]:
    return {title: RawSheet(_rows(content)) for title, content in contents.items()}


def _rows(content: bytes) -> list[list[str]]:
    try:
        rows = [[_plain(value) for value in row] for row in csv.reader(io.StringIO(_decoded(content), newline=""))]
    except csv.Error as error:
        raise Invalid("not_a_workbook") from error
    if len(rows) > MAX_ROWS:
        raise Invalid("too_many_rows", limit=MAX_ROWS)
    return rows


def _decoded(content: bytes) -> str:
    """UTF-8, or the national encoding that Excel saves CSV in."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Invalid("encoding_unknown") from error


def _safe(value: str) -> str:
    return f"'{value}" if value.startswith(_RISKY) else value


def _plain(value: str) -> str:
    return value[1:] if value.startswith("'") and value[1:].startswith(_RISKY) else value
