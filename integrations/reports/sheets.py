"""A report as a workbook with native charts, and as CSV: for those who go on calculating."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import xlsxwriter

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_MOST_NAME = 28


def xlsx(content: Mapping[str, Any], made: datetime) -> bytes:
    """The file: one sheet a section; nothing a citizen wrote can become a formula."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": content["title"], "created": made.replace(tzinfo=None)})
        formats = {name: book.add_format(style) for name, style in _STYLES.items()}
        taken: set[str] = set()
        for section in content["sections"]:
            sheet = book.add_worksheet(_sheet_name(section["title"], taken))
            sheet.write_string(0, 0, content["title"], formats["title"])
            sheet.write_string(1, 0, f"{content['subtitle']} {content['cutoff']}")
            _SHEETS[section["kind"]](book, sheet, section, formats)
    return out.getvalue()


_STYLES = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "bg_color": "#E8F0FA", "border": 1, "text_wrap": True},
    "cell": {"border": 1, "text_wrap": True, "valign": "top"},
}


def _sheet_name(title: str, taken: set[str]) -> str:
    name, n = title[:_MOST_NAME], 1
    while name in taken:
        n += 1
        name = f"{title[:_MOST_NAME]}{n}"
    taken.add(name)
    return name


def _text(_book: Any, sheet: Any, section: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 110)
    for n, words in enumerate(section["paragraphs"], 3):
        sheet.write_string(n, 0, words, formats["cell"])


def _table(_book: Any, sheet: Any, section: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    for n, head in enumerate(section["columns"]):
        longest = max((len(str(row[n])) for row in section["rows"][:60]), default=0)
        sheet.set_column(n, n, min(max(longest, len(head)) * 1.9 + 2, 50))
        sheet.write_string(3, n, head, formats["head"])
    for line, row in enumerate(section["rows"], 4):
        for n, value in enumerate(row):
            _write(sheet, line, n, str(value), formats["cell"])
    sheet.freeze_panes(4, 0)
    if section["rows"]:
        sheet.autofilter(3, 0, 3 + len(section["rows"]), len(section["columns"]) - 1)
    if section["note"]:
        sheet.write_string(5 + len(section["rows"]), 0, section["note"])


def _write(sheet: Any, line: int, column: int, value: str, style: Any) -> None:
    """A figure as a number, so that one can calculate with it; percents keep their sign in the text."""
    try:
        number = Decimal(value) if len(value) < 13 else None
    except InvalidOperation:
        number = None
    if number is not None and number.is_finite():
        sheet.write_number(line, column, float(number), style)
    else:
        sheet.write_string(line, column, value, style)


def _chart(book: Any, sheet: Any, section: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    for n, label in enumerate(section["labels"], 4):
        sheet.write_string(n, 0, label, formats["cell"])
    chart = book.add_chart({"type": "line" if section["type"] == "line" else "bar"})
    last = 3 + len(section["labels"])
    for column, series in enumerate(section["series"], 1):
        sheet.write_string(3, column, series["name"], formats["head"])
        for n, value in enumerate(series["values"], 4):
            sheet.write_number(n, column, value, formats["cell"])
        where = [sheet.get_name(), 4]
        chart.add_series(
            {
                "name": [sheet.get_name(), 3, column],
                "categories": [*where, 0, last, 0],
                "values": [*where, column, last, column],
            }
        )
    sheet.set_column(0, 0, 26)
    chart.set_title({"name": section["title"]})
    chart.set_size(
        {"width": 900, "height": 420 if section["type"] == "line" else max(320, 26 * len(section["labels"]))}
    )
    if section["type"] != "line":
        chart.set_y_axis({"reverse": True})
    sheet.insert_chart(3, len(section["series"]) + 2, chart)


_SHEETS = {"text": _text, "table": _table, "chart": _chart}


def csv_file(content: Mapping[str, Any]) -> bytes:
    """The paragraphs and tables one after the other, in UTF-8 with the mark that Excel needs."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_safe(content["title"])])
    writer.writerow([_safe(content["subtitle"])])
    for section in content["sections"]:
        if section["kind"] == "chart":
            continue
        writer.writerow([])
        writer.writerow([_safe(section["title"])])
        rows = (
            [[words] for words in section["paragraphs"]]
            if section["kind"] == "text"
            else [section["columns"], *section["rows"]]
        )
        writer.writerows([[_safe(str(cell)) for cell in row] for row in rows])
    return ("\N{BYTE ORDER MARK}" + out.getvalue()).encode()


def _safe(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula; signed numbers stay numbers."""
    harmless = not text.startswith(_DANGEROUS) or text[1:].replace(".", "").isdigit()
    return text if harmless else f"'{text}"
