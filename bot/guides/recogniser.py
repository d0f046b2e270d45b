"""What people's own questions teach (事项识别): a linear classifier over characters, sounds and meaning.

Names and aliases say what an item is called; this model knows how people tell of it. It is learned from the guides'
own forms and from `nlu_data/questions`. Beside the item it learns the element that is asked, and which messages a good
clerk would ask back about (“我要落户”).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.svm import LinearSVC

from bot.guides.grams import Floats, compact
from bot.guides.guide import Element
from bot.guides.nearest import principal
from routing.language.sounds import sounds

CHARACTERS, SYLLABLES = 4, 3
SEEN_AT_LEAST = 2
DIRECTIONS = 256
STRENGTH = 1.0
RARE = 4.0  # a vague message weighs this much: they are few among the clear ones
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Taught:
    """One text and what it teaches: the item it is about, the element it asks for first, or that one asks back."""

    text: str
    item: str | None = None
    element: Element | None = None
    vague: bool = False


@dataclass(frozen=True, slots=True)
class Recognised:
    """Margins, about -1 for “surely not” and +1 for “surely”: of every known item, of every element, of being vague."""

    margins: Floats
    elements: Mapping[Element, float]
    vague: float


class Runs:
    """Known runs of one kind with their inverse document frequencies, as the columns of a table."""

    def __init__(self, longest: int, names: Sequence[str], idf: Floats) -> None:
        self.longest, self.names, self.idf = longest, tuple(names), idf
        self._columns = {name: column for column, name in enumerate(names)}

    @classmethod
    def fit(cls, longest: int, texts: Sequence[str]) -> Self:
        """Learn the runs of up to `longest` letters that at least two texts have."""
        seen = Counter(run for text in texts for run in set(_runs(text, longest)))
        names = sorted(run for run, count in seen.items() if count >= SEEN_AT_LEAST)
        counts = np.array([seen[name] for name in names], dtype=np.float64)
        return cls(longest, names, (np.log((1 + len(texts)) / (1 + counts)) + 1).astype(np.float32))

    def weigh(self, text: str) -> tuple[NDArray[np.int64], Floats]:
        """The known runs of a text and their weights (sublinear TF-IDF, length one)."""
        counts = Counter(self._columns[run] for run in _runs(text, self.longest) if run in self._columns)
        columns = np.fromiter(counts, dtype=np.int64, count=len(counts))
        times = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        values = (1 + np.log(times)) * self.idf[columns]
        return columns, values / max(float(np.sqrt(values @ values)), 1e-6)

    def table(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """The weights of many texts, one row each."""
        weighed = [self.weigh(text) for text in texts]
        starts = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in weighed])])
        columns = np.concatenate([columns for columns, _ in weighed])
        values = np.concatenate([values for _, values in weighed])
        return sparse.csr_matrix((values, columns, starts), shape=(len(texts), len(self.names)))


def _runs(text: str, longest: int) -> Iterator[str]:
    for size in range(1, longest + 1):
        for start in range(len(text) - size + 1):
            yield text[start : start + size]


@dataclass(frozen=True)
class Recogniser:
    """One table of features with three linear heads; `items` and `elements` are in the order of their margins."""

    items: tuple[str, ...]
    elements: tuple[Element, ...]
    written: Runs
    spoken: Runs
    basis: Floats
    weights: Floats
    bias: Floats

    @classmethod
    def fit(cls, rows: Sequence[Taught], vectors: Floats) -> Self:
        """Learn from rows and the sentence vectors of their texts."""
        texts = [compact(row.text)[:LONGEST] for row in rows]
        heard = [sounds(text) for text in texts]
        written, spoken = Runs.fit(CHARACTERS, texts), Runs.fit(SYLLABLES, heard)
        basis = principal(vectors, DIRECTIONS)
        table = sparse.hstack([written.table(texts), spoken.table(heard), vectors @ basis], format="csr")
        items = _head(table, [row.item for row in rows])
        elements = _head(table, [row.element for row in rows])
        doubt = LinearSVC(C=STRENGTH / 2, class_weight={True: RARE}, random_state=0)
        heads = (items, elements, doubt.fit(table, [row.vague for row in rows]))
        return cls(
            tuple(items.classes_.tolist()),
            tuple(Element(name) for name in elements.classes_),
            written,
            spoken,
            basis,
            np.ascontiguousarray(np.vstack([head.coef_ for head in heads]).T, dtype=np.float32),
            np.concatenate([head.intercept_ for head in heads]).astype(np.float32),
        )

    def read(self, text: str, vector: Floats) -> Recognised:
        """What a normalised text with its sentence vector seems to be about."""
        said = compact(text)[:LONGEST]
        margins = self.bias + (vector @ self.basis) @ self.weights[-self.basis.shape[1] :]
        for runs, told, first in ((self.written, said, 0), (self.spoken, sounds(said), len(self.written.names))):
            columns, values = runs.weigh(told)
            margins = margins + values @ self.weights[first + columns]
        items = np.asarray(margins[: len(self.items)], dtype=np.float32)
        elements = margins[len(self.items) : -1].tolist()
        return Recognised(items, dict(zip(self.elements, elements, strict=True)), float(margins[-1]))

    def save(self, file: Path) -> None:
        """Write arrays only, in one step, so that a process killed half way leaves no broken file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}.part")
        with partial.open("wb") as out:
            np.savez(
                out,
                items=np.array(self.items),
                elements=np.array(self.elements),
                written=np.array("\n".join(self.written.names)),
                spoken=np.array("\n".join(self.spoken.names)),
                idf=np.concatenate([self.written.idf, self.spoken.idf]),
                basis=self.basis,
                weights=self.weights.astype(np.float16),
                bias=self.bias,
            )
        partial.replace(file)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(file, allow_pickle=False) as kept:
            names = [str(kept[part]).split("\n") for part in ("written", "spoken")]
            idf = np.split(kept["idf"], [len(names[0])])
            runs = [Runs(longest, *each) for longest, *each in zip((CHARACTERS, SYLLABLES), names, idf, strict=True)]
            weights = kept["weights"].astype(np.float32)
            elements = tuple(Element(name) for name in kept["elements"].tolist())
            items = tuple(kept["items"].tolist())
            return cls(items, elements, runs[0], runs[1], kept["basis"], weights, kept["bias"])


def _head(table: sparse.csr_matrix, labels: Sequence[str | None]) -> LinearSVC:
    """A linear classifier of the rows that have a label."""
    known = [row for row, label in enumerate(labels) if label]
    return LinearSVC(C=STRENGTH, random_state=0).fit(table[known], [str(labels[row]) for row in known])
