"""Guides → rows of text (导出): every value of the schema has its place, so nothing is lost on the way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.guides.guide import Duration, Element, Guide
from bot.guides.sheets.layout import SHEETS, Column, Kind, Sheet, Titles

Row = list[str]
Book = dict[str, list[Row]]


def book(guides: Iterable[tuple[Guide, int | None]], titles: Titles) -> Book:
    """The rows of every sheet, its titles first; the number beside a guide is the version it is."""
    made: Book = {sheet.id: [[titles.columns[sheet.id, column.id] for column in sheet.columns]] for sheet in SHEETS}
    for guide, version in guides:
        for sheet in SHEETS:
            key = {"code": guide.code, "region": guide.region}
            for row in _rows(sheet, guide, version):
                made[sheet.id].append(
                    [_written(column, (key | row).get(column.id), titles) for column in sheet.columns]
                )
    return made


def _rows(sheet: Sheet, guide: Guide, version: int | None) -> Iterator[dict[str, Any]]:
    if sheet.element is not None:
        cell = guide.cells.get(sheet.element)
        yield from (dict(row) for row in getattr(cell, sheet.field, ()))
        return
    match sheet.id:
        case "items":
            yield {column.id: getattr(guide, column.id, None) for column in sheet.columns} | {"version": version}
        case "elements":
            yield from (dict(cell) | {"element": element} for element, cell in _cells(guide))
        case "basis":
            for element, cell in _cells(guide):
                yield from (dict(law) | {"element": element} for law in cell.basis)
        case "examples":
            for element, texts in guide.examples.items():
                yield from ({"element": element, "text": text} for text in texts)
        case "facts":
            yield from ({"title": title, "text": text} for title, text in guide.facts.items())
        case _:
            yield from ({"text": text} for text in getattr(guide, sheet.id))


def _cells(guide: Guide) -> list[tuple[Element, Any]]:
    return [(element, cell) for element in Element if (cell := guide.cells.get(element)) is not None]


def _written(column: Column, value: Any, titles: Titles) -> str:
    """One value as a person would type it."""
    if value is None:
        return ""
    match column.kind:
        case Kind.LINES:
            return lines(value)
        case Kind.ELEMENT:
            return titles.elements[value]
        case Kind.YES_NO:
            return titles.yes if value else titles.no if column.id == "electronic" else ""
        case Kind.MONEY:
            return f"{value:.0f}" if value == int(value) and value < 1e15 else repr(value)
        case Kind.DURATION:
            return written_duration(value, titles)
        case _:
            return str(value)


def lines(values: Sequence[str]) -> str:
    """A list in one cell, a line for each; a line break inside a value is written as “\\n”."""
    return "\n".join(value.replace("\\", "\\\\").replace("\n", "\\n") for value in values)


def written_duration(value: Duration, titles: Titles) -> str:
    """A time limit in words: 20个工作日, 当场办结."""
    return titles.at_once if value.unit == "当场" and not value.value else f"{value.value}{_unit(value)}"


def _unit(value: Duration) -> str:
    return "个工作日" if value.unit == "工作日" else value.unit
