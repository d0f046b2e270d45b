"""BM25 over characters: which written forms share the most telling character 1–3-grams with what was said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.5
LONGEST = 3
MASKED = 0.2
EXTRA = 0.5

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


def compact(text: str) -> str:
    """Only the letters, digits and characters of a text: punctuation and blanks carry no name."""
    return "".join(char for char in text if char.isalnum())


def grams(text: str, longest: int = LONGEST) -> Iterator[tuple[int, str]]:
    """Every gram of a text with the place it starts at."""
    for size in range(1, longest + 1):
        for start in range(len(text) - size + 1):
            yield start, text[start : start + size]


@dataclass(frozen=True, slots=True)
class Scores:
    """For each form: BM25 mass, how much of the form was said, and how much of what was said the form explains."""

    mass: Floats
    covered: Floats
    explained: Floats


@dataclass(frozen=True, slots=True)
class _Told:
    """One gram of a question: what it adds to the mass, to the form's coverage, and to what is explained."""

    gram: str
    mass: float
    covers: float
    explains: float


class GramIndex:
    """The postings of all forms in flat arrays; a search is two `bincount`s."""

    def __init__(self, forms: Sequence[str]) -> None:
        self.size = len(forms)
        counts = [Counter(gram for _, gram in grams(form)) for form in forms]
        lengths = np.array([sum(count.values()) for count in counts] or [1], dtype=np.float32)
        norm = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0))
        postings: dict[str, list[tuple[int, int]]] = {}
        for form, count in enumerate(counts):
            for gram, times in count.items():
                postings.setdefault(gram, []).append((form, times))
        self._unknown = math.log(1 + 2 * (self.size + 0.5))
        self._total = np.zeros(self.size, dtype=np.float32)
        self._postings: dict[str, tuple[Ints, Floats, float]] = {}
        for gram, pairs in postings.items():
            self._postings[gram] = self._posting(gram, pairs, norm)
        np.maximum(self._total, 1e-6, out=self._total)

    def _posting(self, gram: str, pairs: list[tuple[int, int]], norm: Floats) -> tuple[Ints, Floats, float]:
        forms = np.fromiter((form for form, _ in pairs), dtype=np.int32, count=len(pairs))
        times = np.fromiter((n for _, n in pairs), dtype=np.float32, count=len(pairs))
        idf = math.log(1 + (self.size - len(pairs) + 0.5) / (len(pairs) + 0.5)) * math.sqrt(len(gram))
        weights = (idf * times * (K1 + 1) / (times + norm[forms])).astype(np.float32)
        self._total[forms] += weights
        return forms, weights, idf

    def search(self, text: str, masked: Sequence[bool], extra: str = "") -> Scores | None:
        """Score every form; a gram inside masked places (question words, politeness) hardly counts.

        `extra` are words the citizen did not say but meant; they count half and need no explaining.
        """
        told: dict[str, float] = {}
        for start, gram in grams(text):
            worth = MASKED if all(masked[start : start + len(gram)]) else 1.0
            told[gram] = max(worth, told.get(gram, 0.0))
        meant = {gram: EXTRA for word in extra.split() for _, gram in grams(word) if gram not in told}
        said = sum(worth * self._idf(gram) for gram, worth in told.items() if len(gram) < LONGEST)
        found = [_Told(gram, worth, 1.0, worth) for gram, worth in told.items() if gram in self._postings]
        found += [_Told(gram, worth, worth, 0.0) for gram, worth in meant.items() if gram in self._postings]
        return self._score(found, max(said, 1e-6)) if found else None

    def _idf(self, gram: str) -> float:
        return self._postings[gram][2] if gram in self._postings else self._unknown

    def _score(self, found: list[_Told], said: float) -> Scores:
        postings = [self._postings[told.gram] for told in found]
        forms = np.concatenate([ids for ids, _, _ in postings])
        weights = np.concatenate([weights for _, weights, _ in postings])
        sizes = [len(ids) for ids, _, _ in postings]
        explains = [
            told.explains * idf * (len(told.gram) < LONGEST) for told, (_, _, idf) in zip(found, postings, strict=True)
        ]
        return Scores(
            mass=self._sum(forms, weights * _spread([told.mass for told in found], sizes)),
            covered=np.minimum(
                self._sum(forms, weights * _spread([t.covers for t in found], sizes)) / self._total, 1.0
            ),
            explained=np.minimum(self._sum(forms, _spread(explains, sizes)) / said, 1.0),
        )

    def _sum(self, forms: Ints, weights: Floats) -> Floats:
        return np.bincount(forms, weights, self.size).astype(np.float32)


def _spread(values: Sequence[float], sizes: Sequence[int]) -> Floats:
    return np.repeat(np.array(values, dtype=np.float32), sizes)
