"""What a check finds, and what it knows beside the guides."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import yaml

from bot.guides.guide import NATIONAL, Element, Guide
from bot.guides.library import KnownItem, known_items
from bot.replies import Replies


class Level(StrEnum):
    """How bad a finding is: it must be put right, a person should look, or it is only told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


# Everything that is not here is a warning.
_ERRORS = frozenset(
    {
        "mojibake", "broken_number", "lost_year", "lost_article", "text_cut", "url_broken", "traditional", "markup",
        "unknown_department", "unknown_item", "law_not_listed", "limit_differs", "promise_longer_than_law",
        "fee_differs", "fee_elsewhere", "level_statutory", "level_promised", "level_fee", "alias_shared",
        "alias_is_name", "review_order", "reviewed_in_future", "dead_step", "foreign_region",
    }
)  # fmt: skip
_NOTES = frozenset({"missing_cells", "unwritten", "review_soon", "alias_in_name"})


def level_of(code: str) -> Level:
    """How bad the findings of a code are."""
    return Level.ERROR if code in _ERRORS else Level.NOTE if code in _NOTES else Level.WARNING


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what, in which guide and cell, and the words it is about."""

    code: str
    item: str
    region: str = NATIONAL
    element: str | None = None
    detail: str = ""

    @property
    def level(self) -> Level:
        """How bad it is."""
        return level_of(self.code)

    def said(self, words: Replies) -> str:
        """The detail in words: element codes by their names."""
        if self.code != "missing_cells":
            return self.detail
        return " ".join(words.text(f"answers.elements.{code}") for code in self.detail.split())

    def to_json(self) -> dict[str, Any]:
        """The finding as plain data."""
        return asdict(self) | {"level": self.level.value}


@dataclass(frozen=True)
class Known:
    """What guides may refer to: the catalogue's items, the departments, the steps of life events; and the day."""

    today: date
    items: tuple[KnownItem, ...] = ()
    departments: frozenset[str] = frozenset()
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    region: str | None = None

    @classmethod
    def load(cls, nlu_data: Path, today: date, region: str | None = None) -> Self:
        """Read the catalogue and the life events; `region` is the city's, where its own guides are checked."""
        with (nlu_data / "catalogue" / "departments.csv").open(encoding="utf-8-sig", newline="") as file:
            departments = frozenset(row["code"] for row in csv.DictReader(file))
        files = sorted((nlu_data / "life_events").glob("*.yml"))
        return cls(today, known_items(nlu_data), departments, {file.stem: _steps(file) for file in files}, region)


def _steps(file: Path) -> tuple[str, ...]:
    """The items a life event names, first choices and others."""
    steps = yaml.safe_load(file.read_text(encoding="utf-8"))["steps"]
    return tuple(item for step in steps for item in (step.get("item"), *step.get("or", ())) if item)


@dataclass(frozen=True)
class Read:
    """A guide read once for all checks: every text in it with the element it stands in."""

    guide: Guide

    @cached_property
    def texts(self) -> tuple[tuple[str | None, str], ...]:
        """Every text of the guide; None for those outside the cells. Names of people's own wording are left out."""
        return tuple(self._texts())

    def _texts(self) -> Iterator[tuple[str | None, str]]:
        guide = self.guide
        for text in (guide.name, guide.department, guide.summary, guide.variant, guide.source, *guide.refusals):
            if text:
                yield None, text
        yield from ((None, text) for text in guide.facts.values())
        for element in Element:
            cell = guide.cells.get(element)
            if cell is not None:
                yield from ((element.value, text) for text in _strings(cell.model_dump(exclude={"url"})))

    def finding(self, code: str, element: str | None = None, detail: str = "") -> Finding:
        """A finding about this guide."""
        return Finding(code, self.guide.code, self.guide.region, element, detail[:200])


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _strings(one)
        case list() | tuple():
            for one in value:
                yield from _strings(one)
