"""Linear text classifiers (线性分类) over characters, sounds and meaning; answering walks plain arrays."""

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
from bot.guides.nearest import principal
from routing.language.sounds import sounds

CHARACTERS, SYLLABLES = 4, 3
SEEN_AT_LEAST = 2
DIRECTIONS = 256
LONGEST = 300

Weighed = tuple[NDArray[np.int64], Floats]


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
class Features:
    """Character runs, syllable runs and the main directions of the sentence vectors, one table side by side."""

    written: Runs
    spoken: Runs
    basis: Floats

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: Floats) -> tuple[Self, sparse.csr_matrix]:
        """Learn the features of normalised texts; also their table."""
        said = [compact(text)[:LONGEST] for text in texts]
        heard = [sounds(text) for text in said]
        written, spoken = Runs.fit(CHARACTERS, said), Runs.fit(SYLLABLES, heard)
        basis = principal(vectors, DIRECTIONS)
        table = sparse.hstack([written.table(said), spoken.table(heard), vectors @ basis], format="csr")
        return cls(written, spoken, basis), table

    def scores(self, text: str, vector: Floats, weights: Floats) -> Floats:
        """The products of one text's features with every column of weights."""
        said = compact(text)[:LONGEST]
        scores = (vector @ self.basis) @ weights[-self.basis.shape[1] :]
        for runs, told, first in ((self.written, said, 0), (self.spoken, sounds(said), len(self.written.names))):
            columns, values = runs.weigh(told)
            scores = scores + values @ weights[first + columns]
        return np.asarray(scores, dtype=np.float32)


@dataclass(frozen=True)
class Lesson:
    """The labels of the texts for one question (None: says nothing of it), and how they are learned."""

    labels: Sequence[str | None]
    strength: float = 1.0
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Head:
    """One question that is answered about a text, and its possible answers."""

    name: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Learned:
    """One table of features with a linear classifier for each question."""

    heads: tuple[Head, ...]
    features: Features
    weights: Floats
    bias: Floats

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: Floats, lessons: Mapping[str, Lesson]) -> Self:
        """Learn every question from the texts that have a label for it; `vectors` are their sentence vectors."""
        features, table = Features.fit(texts, vectors)
        models = {name: _fit(table, lesson) for name, lesson in lessons.items()}
        return cls(
            tuple(Head(name, _classes(model)) for name, model in models.items()),
            features,
            np.ascontiguousarray(np.vstack([model.coef_ for model in models.values()]).T, dtype=np.float32),
            np.concatenate([model.intercept_ for model in models.values()]).astype(np.float32),
        )

    def margins(self, text: str, vector: Floats) -> dict[str, Floats]:
        """For each question the margins of its classes, about -1 for “surely not” and +1 for “surely”."""
        scores = self.bias + self.features.scores(text, vector, self.weights)
        ends = np.cumsum([len(head.classes) for head in self.heads])
        return dict(zip((head.name for head in self.heads), np.split(scores, ends[:-1]), strict=True))

    def classes(self, name: str) -> tuple[str, ...]:
        """The possible answers to a question."""
        return next(head.classes for head in self.heads if head.name == name)

    def save(self, file: Path) -> None:
        """Write arrays only, in one step, so that a process killed half way leaves no broken file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}.part")
        written, spoken = self.features.written, self.features.spoken
        with partial.open("wb") as out:
            np.savez(
                out,
                heads=np.array(["\n".join((head.name, *head.classes)) for head in self.heads]),
                written=np.array("\n".join(written.names)),
                spoken=np.array("\n".join(spoken.names)),
                idf=np.concatenate([written.idf, spoken.idf]),
                basis=self.features.basis,
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
            heads = [line.split("\n") for line in kept["heads"].tolist()]
            features = Features(runs[0], runs[1], kept["basis"])
            known = tuple(Head(name, tuple(classes)) for name, *classes in heads)
            return cls(known, features, kept["weights"].astype(np.float32), kept["bias"])


def _fit(table: sparse.csr_matrix, lesson: Lesson) -> LinearSVC:
    known = [row for row, label in enumerate(lesson.labels) if label]
    model = LinearSVC(C=lesson.strength, class_weight=lesson.weights, random_state=0)
    return model.fit(table[known], [str(lesson.labels[row]) for row in known])


def _classes(model: LinearSVC) -> tuple[str, ...]:
    """Of two classes one column tells: it speaks for the second."""
    names = tuple(model.classes_.tolist())
    return names[1:] if len(names) == 2 else names
