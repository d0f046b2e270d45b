"""Questions in people's own words (标注问句), each with the item and the elements it asks about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.guides.guide import Element
from routing.language.normalise import normalised

Turns = Sequence[tuple[str, str | None, list[str]]]
AMBIGUOUS, FOREIGN, FORMS = "ambiguous.jsonl", "foreign.jsonl", "forms.jsonl"


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


@dataclass(frozen=True, slots=True)
class Followup:
    """One later turn of a conversation (追问): what it means, and what was talked of before, the latest first."""

    text: str
    item: str
    elements: tuple[Element, ...]
    before: tuple[str, ...]
    talk: int

    @property
    def same(self) -> bool:
        """Whether it goes on about the item of the turn before."""
        return bool(self.before) and self.before[0] == self.item


def read_followups(nlu_data: Path) -> tuple[Followup, ...]:
    """The turns of `nlu_data/followups` that mean an item; behind one that was too broad `before` is empty."""
    return tuple(turn for number, turns in _talks(nlu_data) for turn in _later(turns, number))


def read_broad(nlu_data: Path) -> tuple[Question, ...]:
    """The first turns of `nlu_data/followups` that are too broad to answer, with the item meant in the end."""
    talks = (turns for _, turns in _talks(nlu_data) if turns[0][1] is None)
    return tuple(Question(normalised(turns[0][0]), (turns[1][1],)) for turns in talks if turns[1][1])


def _talks(nlu_data: Path) -> Iterator[tuple[int, Turns]]:
    files = [file for file in sorted((nlu_data / "followups").glob("*.jsonl")) if file.name != FORMS]
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return enumerate(json.loads(line)["turns"] for line in lines)


def _later(turns: Turns, talk: int) -> Iterator[Followup]:
    before: tuple[str, ...] = ()
    for at, (text, item, elements) in enumerate(turns):
        if item is None:
            continue
        if at:
            yield Followup(normalised(text), item, tuple(map(Element, elements)), before, talk)
        before = (item, *(one for one in before if one != item))


def _lines(file: Path) -> Iterator[Question]:
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        items = tuple(row.get("items") or filter(None, [row.get("item")]))
        elements = tuple(Element(name) for name in row.get("element", ()))
        yield Question(normalised(row["text"]), items, elements, row.get("style", ""))
