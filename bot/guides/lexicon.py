"""The lexicon (词表): plain phrases, scanned longest first, that say which element is asked or say nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.guides.guide import Element

Span = tuple[int, int]
MAX_TEXT = 600


@dataclass(frozen=True, slots=True)
class Hit:
    """One phrase found in a text; `element` is None for a filler, `told` is where the part that names nothing ends."""

    start: int
    end: int
    element: Element | None
    strong: bool
    told: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase; the first `empty` characters of it say nothing about the item (of “怎么补”: 怎么)."""

    text: str
    element: Element | None
    strong: bool
    empty: int


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Words people say (`said`) and what catalogues write instead (`adds`)."""

    said: tuple[str, ...]
    adds: str


class Lexicon:
    """Phrases by their first character, longest first."""

    def __init__(
        self, phrases: Iterable[Phrase], synonyms: Sequence[Synonyms] = (), amounts: Iterable[str] = ()
    ) -> None:
        self.synonyms = tuple(synonyms)
        self.amounts = frozenset(amounts)
        self._by_first: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            self._by_first.setdefault(phrase.text[0], []).append(phrase)
        for group in self._by_first.values():
            group.sort(key=lambda phrase: (-len(phrase.text), phrase.element is None, not phrase.strong))

    @classmethod
    def load(cls, nlu_data: Path) -> Lexicon:
        """Read `nlu_data/guides/lexicon.yml`."""
        data = yaml.safe_load((nlu_data / "guides" / "lexicon.yml").read_text(encoding="utf-8"))
        synonyms = [Synonyms(tuple(row["said"]), row["adds"]) for row in data["synonyms"]]
        return cls(_phrases(data), synonyms, data["amounts"])

    def scan(self, text: str, ignore: Sequence[Span] = ()) -> tuple[Hit, ...]:
        """Find phrases from left to right, the longest at each place; those inside an ignored span do not count."""
        hits: list[Hit] = []
        text = text[:MAX_TEXT]
        position = 0
        while position < len(text):
            hit = self._at(text, position, ignore)
            if hit is not None:
                hits.append(hit)
            position = hit.end if hit else position + 1
        return tuple(hits)

    def hidden(self, text: str) -> tuple[bool, ...]:
        """For each character, whether it belongs to a phrase that says nothing about the item."""
        places = [False] * len(text)
        for hit in self.scan(text):
            places[hit.start : hit.told] = [True] * (hit.told - hit.start)
        return tuple(places)

    def additions(self, text: str) -> str:
        """The catalogue's words for what a text says in everyday words."""
        return " ".join(row.adds for row in self.synonyms if any(word in text for word in row.said))

    def _at(self, text: str, position: int, ignore: Sequence[Span]) -> Hit | None:
        for phrase in self._by_first.get(text[position], ()):
            end = position + len(phrase.text)
            inside = any(start <= position and end <= stop for start, stop in ignore)
            if not inside and text.startswith(phrase.text, position):
                return Hit(position, end, phrase.element, phrase.strong, position + phrase.empty)
        return None


def _phrases(data: Mapping[str, Any]) -> Iterable[Phrase]:
    for name, lists in data["elements"].items():
        for strength in ("strong", "weak"):
            for phrase in lists[strength]:
                yield Phrase(phrase, Element(name), strength == "strong", len(phrase))
    how = data["how"]
    for ask in how["asks"]:
        yield from (Phrase(ask + verb, Element.OVERVIEW, True, len(ask + verb)) for verb in how["empty"])
        yield from (Phrase(ask + verb, Element.OVERVIEW, True, len(ask)) for verb in how["telling"])
    for filler in map(str, data["fillers"]):
        yield Phrase(filler, None, False, len(filler))
