"""A report as PDF, with a Chinese font embedded: A4, tables that repeat their heads, charts as pictures."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from typing import Any

from fpdf import FPDF, FontFace
from fpdf.enums import TableCellFillMode

from integrations.reports.drawing import FONT, png

_SANS = "noto"
_WIDE = 6  # a table with more columns is printed across the page
_MOST_ROWS = 400
logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table it leaves out of the subset


class _Sheet(FPDF):
    """A page with its number at the foot."""

    footing = ""

    def footer(self) -> None:
        """The page's number."""
        self.set_y(-14)
        self.set_font(_SANS, size=9)
        self.set_text_color(90)
        self.cell(w=0, text=self.footing.format(page=self.page_no(), pages="{nb}"), align="C")
        self.set_text_color(0)


def pdf(content: Mapping[str, Any], footing: str) -> bytes:
    """The file; `footing` has the blanks {page} and {pages}."""
    sheet = _Sheet(format="A4")
    sheet.footing = footing
    sheet.set_auto_page_break(True, margin=18)
    sheet.set_title(content["title"])
    sheet.set_lang("zh-CN")
    sheet.add_font(_SANS, fname=str(FONT))
    sheet.add_page()
    _heading(sheet, content)
    for section in content["sections"]:
        _SECTIONS[section["kind"]](sheet, section)
    return bytes(sheet.output())


def _heading(sheet: FPDF, content: Mapping[str, Any]) -> None:
    sheet.set_font(_SANS, size=20)
    sheet.set_text_color(160, 20, 20)
    sheet.multi_cell(w=0, h=12, text=content["title"], align="C", new_x="LMARGIN", new_y="NEXT")
    sheet.set_text_color(0)
    sheet.set_font(_SANS, size=11)
    sheet.multi_cell(w=0, h=7, text=content["subtitle"], align="C", new_x="LMARGIN", new_y="NEXT")
    sheet.set_draw_color(160, 20, 20)
    sheet.line(sheet.l_margin, sheet.get_y() + 2, sheet.w - sheet.r_margin, sheet.get_y() + 2)
    sheet.set_draw_color(190)
    sheet.ln(6)


def _title(sheet: FPDF, section: Mapping[str, Any]) -> None:
    if sheet.get_y() > sheet.h - 50:
        sheet.add_page()
    sheet.set_font(_SANS, size=14)
    sheet.multi_cell(w=0, h=10, text=section["title"], new_x="LMARGIN", new_y="NEXT")
    sheet.set_font(_SANS, size=10.5)


def _text(sheet: FPDF, section: Mapping[str, Any]) -> None:
    _title(sheet, section)
    for words in section["paragraphs"]:
        sheet.multi_cell(w=0, h=7, text=f"　　{words}", new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR")
    sheet.ln(2)


def _chart(sheet: FPDF, section: Mapping[str, Any]) -> None:
    _title(sheet, section)
    sheet.image(io.BytesIO(png(section)), w=sheet.epw, h=0, keep_aspect_ratio=True)
    sheet.ln(3)


def _table(sheet: FPDF, section: Mapping[str, Any]) -> None:
    _title(sheet, section)
    if not section["rows"]:
        sheet.multi_cell(w=0, h=7, text="—", new_x="LMARGIN", new_y="NEXT")
        return
    sheet.set_font(_SANS, size=8.5 if len(section["columns"]) > _WIDE else 9.5)
    align = ["RIGHT" if n in section["figures"] else "LEFT" for n in range(len(section["columns"]))]
    style = FontFace(emphasis="", fill_color=(232, 240, 250))
    with sheet.table(
        col_widths=_widths(section), text_align=align, headings_style=style, line_height=6, padding=0.6,
        cell_fill_mode=TableCellFillMode.NONE, wrapmode="CHAR",
    ) as table:  # fmt: skip
        for cells in [section["columns"], *section["rows"][:_MOST_ROWS]]:
            row = table.row()
            for cell in cells:
                row.cell(str(cell))
    if section["note"]:
        sheet.set_font(_SANS, size=9)
        sheet.multi_cell(w=0, h=6, text=section["note"], new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR")
    sheet.ln(3)


def _widths(section: Mapping[str, Any]) -> list[float]:
    """Columns in the proportion of what stands in them, none too narrow and none too wide."""
    rows = [section["columns"], *section["rows"][:60]]
    longest = [max(_width(str(row[n])) for row in rows) for n in range(len(section["columns"]))]
    return [min(max(width, 4.0), 24.0) for width in longest]


def _width(text: str) -> float:
    return sum(1.0 if ord(sign) > 0x2E7F else 0.56 for sign in text)


_SECTIONS = {"text": _text, "chart": _chart, "table": _table}
