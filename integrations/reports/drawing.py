"""Charts as pictures (图表): for documents, where no script runs; the same shapes and colours as on the page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFont

FONT = Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"  # SIL OFL 1.1, embedded as a subset
COLOURS = ("#0f5bb5", "#c8923a", "#2c8a57", "#a33b3b", "#6a5acd")
WIDTH = 1400
_GRID, _INK = "#d5dde8", "#33445b"
_ROW, _HEIGHT, _EDGE, _SIZE = 44, 460, 24, 22


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), _SIZE)


def png(chart: Mapping[str, Any]) -> bytes:
    """The picture of a chart section."""
    across = chart["type"] == "across"
    per_row = max(len(chart["series"]) * 18 + 16, _ROW)
    height = len(chart["labels"]) * per_row + 80 if across else _HEIGHT
    picture = Image.new("RGB", (WIDTH, height), "white")
    drawing = ImageDraw.Draw(picture)
    _legend(drawing, chart)
    (_across if across else _lines)(drawing, chart, height)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _legend(drawing: ImageDraw.ImageDraw, chart: Mapping[str, Any]) -> None:
    x = float(_EDGE)
    for n, series in enumerate(chart["series"]):
        drawing.rectangle((x, 16, x + 22, 32), fill=COLOURS[n % len(COLOURS)])
        drawing.text((x + 30, 8), series["name"], font=_font(), fill=_INK)
        x += 60 + _font().getlength(series["name"])


def _most(chart: Mapping[str, Any]) -> float:
    return max((value for series in chart["series"] for value in series["values"]), default=0) or 1


def _across(drawing: ImageDraw.ImageDraw, chart: Mapping[str, Any], height: int) -> None:
    labels, series = chart["labels"], chart["series"]
    left = min(max((_font().getlength(label) for label in labels), default=0) + 40, 460)
    per_row, most, right = (height - 80) / max(len(labels), 1), _most(chart), WIDTH - 110
    for row, label in enumerate(labels):
        top = 56 + row * per_row
        drawing.text((left - 14, top + per_row / 2), label[:20], font=_font(), fill=_INK, anchor="rm")
        thick = (per_row - 12) / len(series)
        for n, one in enumerate(series):
            value = one["values"][row]
            end, y = left + (right - left) * value / most, top + 6 + n * thick
            drawing.rectangle((left, y, max(end, left + 1), y + thick - 2), fill=COLOURS[n % len(COLOURS)])
            drawing.text((end + 8, y + thick / 2), f"{value:g}", font=_font(), fill=_INK, anchor="lm")


def _lines(drawing: ImageDraw.ImageDraw, chart: Mapping[str, Any], height: int) -> None:
    labels, most = chart["labels"], _most(chart)
    left, right, top, bottom = 90, WIDTH - _EDGE, 60, height - 50
    for n in range(5):
        y = bottom - (bottom - top) * n / 4
        drawing.line((left, y, right, y), fill=_GRID)
        drawing.text((left - 10, y), f"{most * n / 4:g}", font=_font(), fill=_INK, anchor="rm")
    step = (right - left) / max(len(labels) - 1, 1)
    every = max(len(labels) * 80 // (right - left) + 1, 1)
    for n in range(0, len(labels), every):
        drawing.text((left + n * step, bottom + 10), labels[n], font=_font(), fill=_INK, anchor="mt")
    for n, one in enumerate(chart["series"]):
        points = [(left + m * step, bottom - (bottom - top) * value / most) for m, value in enumerate(one["values"])]
        if len(points) > 1:
            drawing.line(points, fill=COLOURS[n % len(COLOURS)], width=4, joint="curve")
        for x, y in points:
            drawing.ellipse((x - 4, y - 4, x + 4, y + 4), fill=COLOURS[n % len(COLOURS)])
