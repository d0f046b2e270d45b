"""The form of one part of a guide (修改指南): the columns of the spreadsheet as fields, and back into the guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.guides.guide import Element, Guide
from bot.guides.sheets import values, writing
from bot.guides.sheets.layout import ELEMENTS, EXAMPLES, ITEMS, OWN, SHEETS, Column, Sheet, Titles
from bot.guides.sheets.values import BadValue
from bot.guides.versions import body_of
from integrations.consoles.forms import LONG, Form
from ticketing.errors import Invalid

GENERAL = "general"
PARTS = (GENERAL, *(element.value for element in Element if element is not Element.OVERVIEW))
ROWS, SPARE = 60, 3
_KEY = frozenset({"code", "region", "element", "version"})
# Who owns a guide and where it holds are no matter of wording.
_FIXED = frozenset({"department", "department_code"})
_LISTS = ("aliases", "refusals")
_BY_ID = {sheet.id: sheet for sheet in SHEETS}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the form, its title, what it holds and what is in it."""

    name: str
    title: str
    kind: str
    value: str
    required: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of rows: its title, its column titles and the fields of each row, some of them blank."""

    id: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Field, ...], ...]


@dataclass(frozen=True, slots=True)
class PartForm:
    """The form of one part."""

    part: str
    fields: tuple[Field, ...]
    tables: tuple[Table, ...]


def form_of(guide: Guide, part: str, titles: Titles, given: Mapping[str, str]) -> PartForm:
    """The fields of a part, filled from the guide, or with what was just typed and refused."""
    book = writing.book([(guide, None)], titles)
    if part == GENERAL:
        row = book[ITEMS][1]
        fields = [_field(ITEMS, column, value, titles, given) for column, value in _pairs(_BY_ID[ITEMS], row)]
        fields += [_list(name, getattr(guide, name), titles, given) for name in _LISTS]
        fields += [_examples(element, guide, titles, given) for element in Element]
        return PartForm(part, tuple(fields), (_table(_BY_ID["facts"], book["facts"][1:], titles, given),))
    element = Element(part)
    rows = [row for row in book[ELEMENTS][1:] if row[2] == titles.elements[element]]
    row = rows[0] if rows else [""] * len(_BY_ID[ELEMENTS].columns)
    fields = [
        _field(ELEMENTS, column, value, titles, given)
        for column, value in _pairs(_BY_ID[ELEMENTS], row)
        if OWN.get(column.id, element) is element
    ]
    tables = [_table(sheet, book[sheet.id][1:], titles, given) for sheet in SHEETS if sheet.element is element]
    basis = [row for row in book["basis"][1:] if row[2] == titles.elements[element]]
    return PartForm(part, tuple(fields), (*tables, _table(_BY_ID["basis"], basis, titles, given)))


def changed(guide: Guide, part: str, form: Form, titles: Titles) -> Guide:
    """The guide with what the form says of a part; raises `Invalid` with the field that cannot be read."""
    data = body_of(guide)
    if part == GENERAL:
        _general(data, form, titles)
    else:
        _element(data, Element(part), form, titles)
    try:
        return Guide.model_validate(data)
    except ValidationError as error:
        raise Invalid("guide_invalid", detail="；".join(one["msg"] for one in error.errors())[:200]) from error


def _pairs(sheet: Sheet, row: Sequence[str]) -> list[tuple[Column, str]]:
    return [
        (column, value)
        for column, value in zip(sheet.columns, row, strict=True)
        if column.id not in _KEY | (_FIXED if sheet.id == ITEMS else frozenset())
    ]


def _field(sheet: str, column: Column, value: str, titles: Titles, given: Mapping[str, str], prefix: str = "") -> Field:
    name = f"{prefix}{column.id}"
    title = titles.columns[sheet, column.id]
    return Field(name, title, column.kind.name.lower(), given.get(name, value), column.required and not prefix)


def _list(name: str, texts: Sequence[str], titles: Titles, given: Mapping[str, str]) -> Field:
    return Field(name, titles.sheets[name], "lines", given.get(name, writing.lines(texts)), required=False)


def _examples(element: Element, guide: Guide, titles: Titles, given: Mapping[str, str]) -> Field:
    name = f"{EXAMPLES}.{element.value}"
    text = writing.lines(guide.examples.get(element, ()))
    return Field(name, titles.elements[element], "examples", given.get(name, text), required=False)


def _table(sheet: Sheet, rows: Sequence[Sequence[str]], titles: Titles, given: Mapping[str, str]) -> Table:
    blank = [""] * len(sheet.columns)
    filled = [*rows, *[blank] * SPARE]
    typed = sum(1 for n in range(ROWS) if any(key.startswith(f"{sheet.id}.{n}.") for key in given))
    filled += [blank] * max(0, typed - len(filled))
    heads = tuple(titles.columns[sheet.id, column.id] for column, _ in _pairs(sheet, blank))
    made = tuple(
        tuple(
            _field(sheet.id, column, value, titles, given, f"{sheet.id}.{n}.") for column, value in _pairs(sheet, row)
        )
        for n, row in enumerate(filled[:ROWS])
    )
    return Table(sheet.id, titles.sheets[sheet.id], heads, made)


def _general(data: dict[str, Any], form: Form, titles: Titles) -> None:
    for column, _ in _pairs(_BY_ID[ITEMS], [""] * len(_BY_ID[ITEMS].columns)):
        _put(data, column.id, _value(ITEMS, column, column.id, form, titles))
    for name in _LISTS:
        _put(data, name, values.unfolded(form.text(name, LONG)))
    examples = {
        element.value: texts
        for element in Element
        if (texts := values.unfolded(form.text(f"{EXAMPLES}.{element.value}", LONG)))
    }
    _put(data, "examples", examples)
    facts = _rows(_BY_ID["facts"], form, titles)
    _put(data, "facts", {row["title"]: row["text"] for row in facts})


def _element(data: dict[str, Any], element: Element, form: Form, titles: Titles) -> None:
    """An element whose text is empty is not stated (指南未载明)."""
    cells = data.setdefault("cells", {})
    if not form.text("text", LONG):
        cells.pop(element.value, None)
        return
    cell: dict[str, Any] = {}
    for column, _ in _pairs(_BY_ID[ELEMENTS], [""] * len(_BY_ID[ELEMENTS].columns)):
        if OWN.get(column.id, element) is element:
            _put(cell, column.id, _value(ELEMENTS, column, column.id, form, titles))
    for sheet in SHEETS:
        if sheet.element is element:
            _put(cell, sheet.field, _rows(sheet, form, titles))
    _put(cell, "basis", _rows(_BY_ID["basis"], form, titles))
    cells[element.value] = cell


def _rows(sheet: Sheet, form: Form, titles: Titles) -> list[dict[str, Any]]:
    """The rows that have something in them."""
    columns = [column for column, _ in _pairs(sheet, [""] * len(sheet.columns))]
    made = []
    for n in range(ROWS):
        names = {column.id: f"{sheet.id}.{n}.{column.id}" for column in columns}
        if not any(form.text(name, LONG) for name in names.values()):
            continue
        row = {column.id: _value(sheet.id, column, names[column.id], form, titles) for column in columns}
        made.append({name: value for name, value in row.items() if value is not None})
    return made


def _value(sheet: str, column: Column, name: str, form: Form, titles: Titles) -> Any:
    try:
        return values.read(column, form.text(name, LONG), titles)
    except BadValue as error:
        raise Invalid("cell_wrong", column=titles.columns[sheet, column.id], why=error.code) from error


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    """Set a field; an empty one is left out."""
    if value in (None, (), [], {}):
        data.pop(name, None)
    else:
        data[name] = value
