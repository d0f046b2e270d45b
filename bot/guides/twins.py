"""Namesakes (同名事项): several items of one name, told apart by their variant, place or department."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.guides.grams import compact
from bot.guides.guide import Element
from bot.guides.lexicon import Span
from bot.guides.library import Item, Library

MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class _Marks:
    """What the citizen may say to mean one of the namesakes and no other."""

    variant: str
    place: str
    department: str


class Twins:
    """The groups of items that share a name."""

    def __init__(self, library: Library) -> None:
        groups: dict[str, list[str]] = defaultdict(list)
        for item in library:
            groups[compact(item.name)].append(item.code)
        self._library = library
        self._group = {code: tuple(codes) for codes in groups.values() if len(codes) > 1 for code in codes}
        self._marks = {code: _marks(library.items[code]) for code in self._group}

    def of(self, code: str) -> tuple[str, ...]:
        """The namesakes of an item, itself included; just itself if it has none."""
        return self._group.get(code, (code,))

    def label(self, code: str) -> str:
        """What tells an item from its namesakes; empty if it has none."""
        marks = self._marks.get(code)
        if marks is None:
            return ""
        others = [self._marks[other] for other in self._group[code]]
        parts = [
            getattr(marks, name)
            for name in _Marks.__slots__
            if len({getattr(other, name) for other in others}) > 1 and getattr(marks, name)
        ]
        return " ".join(parts)

    def told_apart(self, code: str, said: str) -> tuple[str, ...]:
        """The namesakes that what was said beside the name still leaves open, the best first."""
        codes = self.of(code)
        if len(codes) == 1:
            return codes
        said = compact(said)
        scored = sorted(((self._fit(one, said), self._narrowness(one), one) for one in codes), reverse=True)
        best = scored[0][0]
        return tuple(one for score, _, one in scored if score >= best - MARGIN)

    def lowest(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Lowest competent level first: the plain item of the narrowest region before special cases and wider ones."""
        plain = tuple(code for code in codes if not self._marks[code].variant)
        narrowest = max((self._narrowness(code) for code in plain), default=0)
        return tuple(code for code in plain if self._narrowness(code) == narrowest) or codes

    def distinct(self, codes: tuple[str, ...], elements: Sequence[Element]) -> tuple[str, ...]:
        """One item for each different answer: namesakes that say the very same on the asked elements count once."""
        kept: list[str] = []
        for code in codes:
            if not any(self._same(code, other, elements) for other in kept):
                kept.append(code)
        return tuple(kept)

    def spans(self, code: str, text: str) -> tuple[Span, ...]:
        """Where a text says the item's variant, place or department."""
        marks = self._marks.get(code)
        said = [getattr(marks, name) for name in _Marks.__slots__] if marks else []
        places = [i for i, char in enumerate(text) if char.isalnum()]
        short = compact(text)
        found = [(short.find(mark), len(mark)) for mark in map(compact, said) if mark and mark in short]
        return tuple((places[start], places[start + length - 1] + 1) for start, length in found)

    def _same(self, code: str, other: str, elements: Sequence[Element]) -> bool:
        ours, theirs = self._library.guide(code), self._library.guide(other)
        if ours is None or theirs is None or not elements:
            return False
        if Element.OVERVIEW in elements:
            return ours.cells == theirs.cells
        return all(ours.cells.get(element) == theirs.cells.get(element) for element in elements)

    def _fit(self, code: str, said: str) -> float:
        marks = self._marks[code]
        place = float(bool(marks.place) and marks.place in said)
        department = float(bool(marks.department) and compact(marks.department) in said)
        return 2 * _overlap(compact(marks.variant), said) + 0.6 * department + 0.5 * max(place, _level(marks, said))

    def _narrowness(self, code: str) -> int:
        guide = self._library.guide(code)
        return len(guide.region.rstrip("0")) if guide else 0


def _marks(item: Item) -> _Marks:
    guide = item.guides[0] if item.guides else None
    return _Marks(
        variant=(guide.variant or "") if guide else "",
        place=(guide.place or "") if guide else "",
        department=guide.department if guide else "",
    )


def _level(marks: _Marks, said: str) -> float:
    """Whether the level is named by its last character with 级 or 里 (省级, 市里)."""
    last = marks.place[-1:]
    return float(bool(last) and any(f"{last}{tail}" in said for tail in "级里局厅"))


def _overlap(mark: str, said: str) -> float:
    """How much of a mark was said and how much of what was said is the mark, by character pairs (F1)."""
    if not mark or not said:
        return 0.0
    if mark in said:
        return 1.0 + len(mark) / (len(said) + 1)
    ours = {mark[i : i + 2] for i in range(len(mark) - 1)}
    theirs = {said[i : i + 2] for i in range(len(said) - 1)}
    return 2 * len(ours & theirs) / max(len(ours) + len(theirs), 1)
