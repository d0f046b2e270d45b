"""A report as a Word document that officials go on editing: headings, real tables, charts as pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from integrations.reports.drawing import png

_SONG, _HEI = "仿宋", "黑体"  # the faces of official papers; Word shows its own where they are not installed
_PAGE = Cm(15.6)


def docx(content: Mapping[str, Any], made: datetime) -> bytes:
    """The file."""
    document = Document()
    document.core_properties.title = content["title"]
    document.core_properties.author = ""
    document.core_properties.created = made.replace(tzinfo=None)
    _faces(document)
    for side in ("left_margin", "right_margin"):
        setattr(document.sections[0], side, Cm(2.7))
    _heading(document, content)
    for section in content["sections"]:
        document.add_heading(section["title"], level=1)
        _SECTIONS[section["kind"]](document, section)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _faces(document: Any) -> None:
    for name, face, size in (("Normal", _SONG, 12), ("Heading 1", _HEI, 15), ("Title", _HEI, 22)):
        style = document.styles[name]
        style.font.name, style.font.size = face, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _heading(document: Any, content: Mapping[str, Any]) -> None:
    title = document.add_paragraph(content["title"], style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    below = document.add_paragraph(content["subtitle"])
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _text(document: Any, section: Mapping[str, Any]) -> None:
    for words in section["paragraphs"]:
        paragraph = document.add_paragraph(words)
        paragraph.paragraph_format.first_line_indent = Pt(24)


def _chart(document: Any, section: Mapping[str, Any]) -> None:
    document.add_picture(io.BytesIO(png(section)), width=_PAGE)


def _table(document: Any, section: Mapping[str, Any]) -> None:
    columns, rows = section["columns"], section["rows"]
    table = document.add_table(rows=len(rows) + 1, cols=len(columns), style="Table Grid")
    cells = table._cells  # the table's own list: asking it cell by cell takes the square of the time
    for n, words in enumerate([cell for row in [columns, *rows] for cell in row]):
        paragraph = cells[n].paragraphs[0]
        run = paragraph.add_run(str(words))
        run.font.size, run.bold = Pt(9), n < len(columns)
        if n >= len(columns) and n % len(columns) in section["figures"]:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if section["note"]:
        document.add_paragraph(section["note"]).runs[0].font.size = Pt(9)


_SECTIONS = {"text": _text, "chart": _chart, "table": _table}
