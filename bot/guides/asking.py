"""What is asked first (要素判断): the learned margins, the intent model's shares and the lexicon's phrases, weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import yaml
from numpy.typing import NDArray

from bot.guides.guide import Element
from bot.guides.lexicon import Hit

ELEMENTS = tuple(Element)
PREFIX = "ask_"
EVIDENCE = ("learned", "intent", "strong", "weak", "first", "last", "clause_strong", "clause_weak", "ends")
CLAUSE_ENDS = ",，。!！?？;； "
CLOSING = " 吗嘛呢啊呀?？。"
UNKNOWN = -1.5
_ROW = {element: row for row, element in enumerate(ELEMENTS)}


@dataclass(frozen=True)
class Asking:
    """Weights of the evidence, and how often each element is asked, with (`bias`) and without (`silent`) a phrase."""

    weights: NDArray[np.float64]

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `nlu_data/guides/elements.yml`."""
        data = yaml.safe_load((nlu_data / "guides" / "elements.yml").read_text(encoding="utf-8"))
        parts = [data["evidence"][name] for name in EVIDENCE]
        parts += [data[part][element.value] for part in ("bias", "silent") for element in ELEMENTS]
        return cls(np.array(parts, dtype=np.float64))

    def first(
        self, text: str, hits: Sequence[Hit], learned: Mapping[Element, float], ranking: Sequence[tuple[str, float]]
    ) -> Element:
        """The element that a text most likely asks for."""
        return ELEMENTS[int(np.argmax(evidence(text, hits, learned, ranking) @ self.weights))]


def evidence(
    text: str, hits: Sequence[Hit], learned: Mapping[Element, float], ranking: Sequence[tuple[str, float]]
) -> NDArray[np.float64]:
    """One row for each element: the features named in EVIDENCE, then the element's own two biases."""
    table = np.zeros((len(ELEMENTS), len(EVIDENCE)))
    for element, row in _ROW.items():
        table[row, 0] = learned.get(element, UNKNOWN)
    for intent, share in ranking:
        if intent.startswith(PREFIX):
            table[_ROW[Element(intent.removeprefix(PREFIX))], 1] = share
    _phrases(table, text, hits)
    own = np.eye(len(ELEMENTS))
    return np.hstack([table, own, own * (not any(hit.strong for hit in hits))])


def _phrases(table: NDArray[np.float64], text: str, hits: Sequence[Hit]) -> None:
    strong = [hit for hit in hits if hit.strong]
    clause = max(text.rfind(end, 0, len(text) - 1) for end in CLAUSE_ENDS)
    end = len(text.rstrip(CLOSING)) - 1
    for hit in hits:
        if hit.element is None:
            continue
        row = table[_ROW[hit.element]]
        row[2 if hit.strong else 3] = 1
        if hit.start > clause:
            row[6 if hit.strong else 7] = 1
        if hit.strong and hit.end >= end:
            row[8] = 1
    if strong:
        for place, hit in ((4, strong[0]), (5, strong[-1])):
            if hit.element is not None:
                table[_ROW[hit.element], place] = 1
