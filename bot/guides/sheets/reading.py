"""Rows of text → guides (导入): a wrong row is flagged with its sheet, row and column, and holds its guide back.

Nothing is dropped silently: a guide with a wrong row is not taken at all, so that no half of it replaces the whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from bot.guides.guide import Element, Guide
from bot.guides.report import Flag, ImportReport, Parsed
from bot.guides.sheets.layout import ELEMENTS, ITEMS, OWN, SHEETS, Sheet, Titles
from bot.guides.sheets.values import BadValue, read
from bot.guides.versions import body_of

Key = tuple[str, str]
MAX_ROWS = 200_000
MAX_FLAGS = 2_000


@dataclass(frozen=True, slots=True)
class RawSheet:
    """One sheet as it stands in the file; `odd` are cells that are no text, by (row, column): formulas and errors."""

    rows: Sequence[Sequence[str]]
    odd: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Draft:
    """A guide being put together, and the rows it stands on."""

    data: dict[str, Any]
    row: int
    base: int | None
    element_rows: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Reader:
    titles: Titles
    flags: list[Flag] = field(default_factory=list)
    drafts: dict[Key, _Draft] = field(default_factory=dict)
    broken: set[Key] = field(default_factory=set)
    ownerless: bool = False
    rows: int = 0

    def flag(self, code: str, sheet: Sheet, row: int, *, item: str | None, column: str = "", detail: str = "") -> None:
        """Note what is wrong and where."""
        name = self.titles.columns.get((sheet.id, column), column)
        self.flags.append(Flag(row, item, code, detail[:300], self.titles.sheets[sheet.id], name))

    def table(self, sheet: Sheet, raw: RawSheet) -> Iterable[tuple[int, dict[str, Any]]]:
        """The rows of a sheet as values by column id, with their numbers; wrong ones are flagged and left out."""
        places = self._places(sheet, raw)
        for number, cells in enumerate(raw.rows[1:], 2):
            if not any(cell.strip() for cell in cells) and not any(at == number for at, _ in raw.odd):
                continue
            self.rows += sheet.id == ITEMS
            values = self._values(sheet, raw, number, cells, places)
            if values is not None:
                yield number, values

    def _places(self, sheet: Sheet, raw: RawSheet) -> dict[str, int]:
        header = [cell.strip() for cell in raw.rows[0]] if raw.rows else []
        known = {self.titles.columns[sheet.id, column.id]: column.id for column in sheet.columns}
        places: dict[str, int] = {}
        for at, title in enumerate(header):
            if title in known and known[title] not in places:
                places[known[title]] = at
            elif any(at < len(row) and row[at].strip() for row in raw.rows[1:]):
                self.flag("unknown_column", sheet, 1, item=None, column=title or str(at + 1))
        return places

    def _values(
        self, sheet: Sheet, raw: RawSheet, number: int, cells: Sequence[str], places: Mapping[str, int]
    ) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        wrong: list[tuple[str, str, str]] = []
        for column in sheet.columns:
            at = places[column.id]
            text = cells[at] if at < len(cells) else ""
            try:
                if (number, at) in raw.odd:
                    raise BadValue(raw.odd[number, at])
                values[column.id] = read(column, text, self.titles)
            except BadValue as error:
                wrong.append((error.code, column.id, text))
        key = (values.get("code") or "", values.get("region") or "")
        for code, column_id, text in wrong:
            self.flag(code, sheet, number, item=key[0] or None, column=column_id, detail=text)
        if wrong:
            self.broken.add(key)
            self.ownerless |= not all(key)
        return None if wrong else values

    def missing(self, raw: Mapping[str, RawSheet]) -> bool:
        """Whether a sheet or column is absent: then nothing is taken, because its content would be erased."""
        before = len(self.flags)
        for sheet in SHEETS:
            title = self.titles.sheets[sheet.id]
            if title not in raw:
                self.flags.append(Flag(1, None, "sheet_missing", "", title))
                continue
            header = {cell.strip() for cell in raw[title].rows[0]} if raw[title].rows else set()
            for column in sheet.columns:
                if self.titles.columns[sheet.id, column.id] not in header:
                    self.flag("column_missing", sheet, 1, item=None, column=column.id)
        return len(self.flags) > before

    def items(self, sheet: Sheet, raw: RawSheet) -> None:
        """Begin a guide for each row of the items' sheet."""
        for number, values in self.table(sheet, raw):
            key = (values["code"], values["region"])
            if key in self.drafts:
                self.flag("repeated_code", sheet, number, item=key[0], column="code", detail=key[1])
                self.broken.add(key)
                continue
            base = values.pop("version")
            data = {name: value for name, value in values.items() if value is not None}
            self.drafts[key] = _Draft(data | {"cells": {}}, number, base)

    def fill(self, sheet: Sheet, raw: RawSheet) -> None:
        """Add the rows of a further sheet to their guides."""
        for number, values in self.table(sheet, raw):
            key = (values.pop("code"), values.pop("region"))
            draft = self.drafts.get(key)
            if draft is None:
                # The guide's own row was wrong and says so already, or there is none.
                if key not in self.broken:
                    self.ownerless = True
                    self.flag("unknown_guide", sheet, number, item=key[0], column="code", detail=key[1])
                continue
            problem = _ADD[sheet.id](draft, values, number) if sheet.id in _ADD else _part(sheet, draft, values)
            if problem:
                self.flag(problem[0], sheet, number, item=key[0], column=problem[1])
                self.broken.add(key)

    def finished(self) -> tuple[Parsed, ...]:
        """The guides whose rows are all right; none while a row belongs to nobody: it may be missing anywhere."""
        made = [self._guide(key, draft) for key, draft in self.drafts.items() if key not in self.broken]
        return () if self.ownerless else tuple(one for one in made if one is not None)

    def _guide(self, key: Key, draft: _Draft) -> Parsed | None:
        try:
            guide = Guide.model_validate(draft.data)
        except ValidationError as error:
            for one in error.errors():
                self._misfit(key, draft, one["loc"], one["msg"])
            return None
        raw = json.dumps(body_of(guide), ensure_ascii=False, sort_keys=True)
        return Parsed(guide, hashlib.sha256(raw.encode()).hexdigest(), draft.base, draft.row)

    def _misfit(self, key: Key, draft: _Draft, where: tuple[int | str, ...], why: str) -> None:
        """What only the whole guide shows: a local cell without who decides, a region code of the wrong form."""
        in_cell = len(where) > 1 and where[0] == "cells"
        sheet = next(sheet for sheet in SHEETS if sheet.id == (ELEMENTS if in_cell else ITEMS))
        row = draft.element_rows.get(str(where[1]), draft.row) if in_cell else draft.row
        code = "local_undecided" if "decided_by" in why else "schema"
        column = "decided_by" if code == "local_undecided" else str(where[-1])
        self.flag(code, sheet, row, item=key[0], column=column, detail=why if code == "schema" else "")


Problem = tuple[str, str] | None


def guides(raw: Mapping[str, RawSheet], titles: Titles) -> tuple[tuple[Parsed, ...], ImportReport]:
    """The guides of a workbook (its sheets by title) and the report on every row that is wrong."""
    reader = _Reader(titles)
    if reader.missing(raw):
        return (), ImportReport(0, 0, tuple(reader.flags))
    strange = raw.keys() - {*titles.sheets.values(), titles.notes_title}
    reader.flags += [Flag(1, None, "unknown_sheet", "", title) for title in sorted(strange) if raw[title].rows]
    first, *others = SHEETS
    reader.items(first, raw[titles.sheets[first.id]])
    for sheet in others:
        reader.fill(sheet, raw[titles.sheets[sheet.id]])
    parsed = reader.finished()
    return parsed, ImportReport(reader.rows, len(parsed), tuple(reader.flags[:MAX_FLAGS]))


def _cell(draft: _Draft, values: dict[str, Any], number: int) -> Problem:
    element = values.pop("element")
    if element == Element.OVERVIEW:
        return "overview_has_no_cell", "element"
    if element in draft.data["cells"]:
        return "repeated_element", "element"
    given = {name: value for name, value in values.items() if value is not None}
    stray = next((name for name in given if name in OWN and OWN[name] != element), None)
    if stray:
        return "column_of_another_element", stray
    draft.data["cells"][element] = given
    draft.element_rows[element] = number
    return None


def _basis(draft: _Draft, values: dict[str, Any], _number: int) -> Problem:
    cell = draft.data["cells"].get(values.pop("element"))
    if cell is None:
        return "row_without_element", "element"
    cell.setdefault("basis", []).append(values)
    return None


def _part(sheet: Sheet, draft: _Draft, values: dict[str, Any]) -> Problem:
    assert sheet.element is not None, "the other sheets have their own way in"
    cell = draft.data["cells"].get(sheet.element.value)
    if cell is None:
        return "row_without_element", "code"
    given = {name: value for name, value in values.items() if value is not None}
    cell.setdefault(sheet.field, []).append(given)
    return None


def _text(name: str) -> Any:
    def add(draft: _Draft, values: dict[str, Any], _number: int) -> Problem:
        draft.data.setdefault(name, []).append(values["text"])
        return None

    return add


def _example(draft: _Draft, values: dict[str, Any], _number: int) -> Problem:
    draft.data.setdefault("examples", {}).setdefault(values["element"], []).append(values["text"])
    return None


def _fact(draft: _Draft, values: dict[str, Any], _number: int) -> Problem:
    if values["title"] in draft.data.setdefault("facts", {}):
        return "repeated_title", "title"
    draft.data["facts"][values["title"]] = values["text"]
    return None


_ADD: dict[str, Any] = {
    ELEMENTS: _cell,
    "basis": _basis,
    "aliases": _text("aliases"),
    "refusals": _text("refusals"),
    "examples": _example,
    "facts": _fact,
}
