"""What people's own questions teach (事项识别): which item, which element, and what a good clerk would ask back.

Names and aliases say what an item is called; this model knows how people tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.guides.grams import Floats
from bot.guides.guide import Element
from bot.learning import Learned, Lesson

FOREIGN = "-"  # the item of a message about no item at all: what is like it is like none
ITEM, ELEMENT, VAGUE, CONTINUES = "item", "element", "vague", "continues"
YES, NO = "yes", "no"
RARE = 4.0  # a vague message weighs this much: they are few among the clear ones
GOING_ON = 3.0  # and so does one that goes on with a talk


@dataclass(frozen=True, slots=True)
class Taught:
    """One text and what it teaches: the item it is about, the element it asks for first, or that one asks back.

    `continues` says whether it goes on about what was talked of before; None: nothing is known of that.
    """

    text: str
    item: str | None = None
    element: Element | None = None
    vague: bool = False
    continues: bool | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """Margins, about -1 for “surely not” and +1 for “surely”.

    They are of every known item, of every element, of fitting several items alike, of being about none, and of going on
    about what was talked of before.
    """

    margins: Floats
    elements: Mapping[Element, float]
    vague: float
    foreign: float
    continues: float


@dataclass(frozen=True)
class Recogniser:
    """The learned model; `items` are the codes it knows, in the order of its margins."""

    learned: Learned

    @property
    def items(self) -> tuple[str, ...]:
        """The codes it was taught, and FOREIGN."""
        return self.learned.classes(ITEM)

    @classmethod
    def fit(cls, rows: Sequence[Taught], vectors: Floats) -> Self:
        """Learn from rows and the sentence vectors of their texts."""
        lessons = {
            ITEM: Lesson([row.item for row in rows]),
            ELEMENT: Lesson([row.element for row in rows]),
            VAGUE: Lesson([_yes(row.vague) for row in rows], 0.5, {YES: RARE, NO: 1.0}),
            CONTINUES: Lesson([_yes(row.continues) for row in rows], 0.5, {YES: GOING_ON, NO: 1.0}),
        }
        return cls(Learned.fit([row.text for row in rows], vectors, lessons))

    def read(self, text: str, vector: Floats) -> Recognised:
        """What a normalised text with its sentence vector seems to be about."""
        margins = self.learned.margins(text, vector)
        elements = zip(map(Element, self.learned.classes(ELEMENT)), margins[ELEMENT].tolist(), strict=True)
        foreign = float(margins[ITEM][self.items.index(FOREIGN)])
        vague, continues = float(margins[VAGUE][0]), float(margins[CONTINUES][0])
        return Recognised(margins[ITEM], dict(elements), vague, foreign, continues)

    def save(self, file: Path) -> None:
        """Write arrays only, in one step."""
        self.learned.save(file)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote."""
        return cls(Learned.load(file))


def _yes(said: bool | None) -> str | None:
    return None if said is None else YES if said else NO
