"""The sheets and their columns; what a column holds decides how it is written and read.

The words on the sheets are `guides.sheets` in `nlu_data/replies/guides.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from bot.guides.guide import Element
from bot.replies import Replies

WORDS = "guides.sheets"
ITEMS, ELEMENTS, EXAMPLES = "items", "elements", "examples"


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    LINES = auto()
    ELEMENT = auto()
    YES_NO = auto()
    COUNT = auto()
    MONEY = auto()
    DATE = auto()
    DURATION = auto()
    REGION = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the schema's name of it, what it holds, and whether a row makes sense without it."""

    id: str
    kind: Kind = Kind.TEXT
    required: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its columns, and for rows that belong to a cell the element and the field they fill."""

    id: str
    columns: tuple[Column, ...]
    element: Element | None = None
    field: str = ""


_KEY = (Column("code", required=True), Column("region", Kind.REGION, required=True))
_ELEMENT = Column("element", Kind.ELEMENT, required=True)
_NAME = Column("name", required=True)

SHEETS: tuple[Sheet, ...] = (
    Sheet(
        ITEMS,
        (
            *_KEY,
            _NAME,
            Column("department", required=True),
            Column("department_code"),
            Column("place"),
            Column("variant"),
            Column("audience", Kind.LINES),
            Column("theme"),
            Column("summary"),
            Column("source", required=True),
            Column("source_url"),
            Column("reviewed", Kind.DATE, required=True),
            Column("review_due", Kind.DATE, required=True),
            Column("version", Kind.COUNT),
        ),
    ),
    Sheet(
        ELEMENTS,
        (
            *_KEY,
            _ELEMENT,
            Column("text", required=True),
            Column("local", Kind.YES_NO),
            Column("decided_by"),
            Column("statutory", Kind.DURATION),
            Column("promised", Kind.DURATION),
            Column("certificate"),
            Column("validity"),
            Column("phones", Kind.LINES),
            Column("url"),
        ),
    ),
    Sheet(
        "materials",
        (
            *_KEY,
            _NAME,
            Column("originals", Kind.COUNT),
            Column("copies", Kind.COUNT),
            Column("source"),
            Column("electronic", Kind.YES_NO),
            Column("when"),
        ),
        Element.MATERIALS,
        "rows",
    ),
    Sheet("steps", (*_KEY, _NAME, Column("who"), Column("time")), Element.PROCESS, "steps"),
    Sheet(
        "fees",
        (*_KEY, _NAME, Column("yuan", Kind.MONEY, required=True), Column("per"), Column("when")),
        Element.FEE,
        "items",
    ),
    Sheet("basis", (*_KEY, _ELEMENT, _NAME, Column("article"), Column("note"))),
    Sheet("aliases", (*_KEY, Column("text", required=True))),
    Sheet(EXAMPLES, (*_KEY, _ELEMENT, Column("text", required=True))),
    Sheet("refusals", (*_KEY, Column("text", required=True))),
    Sheet("facts", (*_KEY, Column("title", required=True), Column("text", required=True))),
)

# The columns of the elements' sheet that only one element has.
OWN: Mapping[str, Element] = {
    "statutory": Element.TIME_LIMIT,
    "promised": Element.TIME_LIMIT,
    "certificate": Element.RESULT,
    "validity": Element.RESULT,
    "phones": Element.CONTACT,
    "url": Element.ONLINE,
}


@dataclass(frozen=True)
class Titles:
    """The Chinese names of sheets, columns, elements and of yes and no."""

    sheets: Mapping[str, str]
    columns: Mapping[tuple[str, str], str]
    elements: Mapping[Element, str]
    yes: str
    no: str
    at_once: str
    notes_title: str
    notes: tuple[str, ...]

    @classmethod
    def of(cls, replies: Replies) -> Self:
        """The names as the house's words have them."""

        def say(name: str) -> str:
            return replies.text(f"{WORDS}.{name}")

        columns = {
            (sheet.id, column.id): say(f"column.{column.id}")
            if not replies.has(f"{WORDS}.{sheet.id}.{column.id}")
            else say(f"{sheet.id}.{column.id}")
            for sheet in SHEETS
            for column in sheet.columns
        }
        return cls(
            sheets={sheet.id: say(f"sheet.{sheet.id}") for sheet in SHEETS},
            columns=columns,
            elements={element: replies.text(f"answers.elements.{element.value}") for element in Element},
            yes=say("yes"),
            no=say("no"),
            at_once=say("at_once"),
            notes_title=say("sheet.notes"),
            notes=replies.variants[f"{WORDS}.notes"],
        )
