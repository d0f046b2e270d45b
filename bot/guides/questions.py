"""Questions in people's own words (标注问句), each with the item and the elements it asks about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.guides.guide import Element
from routing.language.normalise import normalised

AMBIGUOUS, FOREIGN = "ambiguous.jsonl", "foreign.jsonl"


@dataclass(frozen=True, slots=True)
class Question:
    """One normalised question; several items mean that any of them may be meant and must be asked back."""

    text: str
    items: tuple[str, ...]
    elements: tuple[Element, ...] = ()
    style: str = ""


def read(nlu_data: Path) -> tuple[Question, ...]:
    """Every question of `nlu_data/questions` that makes one item the right one, in the order of the files."""
    files = sorted((nlu_data / "questions").glob("*.jsonl"))
    return tuple(question for file in files if file.name not in (AMBIGUOUS, FOREIGN) for question in _lines(file))


def read_ambiguous(nlu_data: Path) -> tuple[Question, ...]:
    """The messages that fit two to four items alike."""
    return tuple(_lines(nlu_data / "questions" / AMBIGUOUS))


def read_foreign(nlu_data: Path) -> tuple[Question, ...]:
    """Questions about things that no item of the catalogue covers (信用卡丢了怎么补)."""
    return tuple(_lines(nlu_data / "questions" / FOREIGN))


def _lines(file: Path) -> Iterator[Question]:
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        items = tuple(row.get("items") or filter(None, [row.get("item")]))
        elements = tuple(Element(name) for name in row.get("element", ()))
        yield Question(normalised(row["text"]), items, elements, row.get("style", ""))
