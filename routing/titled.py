"""Features of texts with a title (标题): what people put in front says most, so it also counts on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

from routing.features import Features, shape, with_meaning

BREAK = "\n"
_TITLE_WEIGHT = 0.7
_OPENING = 24


class TitledFeatures:
    """The features of a whole text, those of its title beside them, and its meaning where asked for."""

    def __init__(self, *, longest: int, rare: int, limit: int | None, vector_weight: float) -> None:
        self._whole = Features(longest=longest, rare=rare, limit=limit)
        self._title = Features(longest=longest, rare=rare, limit=limit)
        self._vector_weight = vector_weight

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """Learn from texts, title and rest on lines of their own, and return one row for each."""
        whole, titles = _shaped(texts)
        return self._joined(whole, self._whole.fit_transform(whole), self._title.fit_transform(titles))

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return one row a text; a text of one line is taken to open with its title."""
        whole, titles = _shaped(texts)
        return self._joined(whole, self._whole.transform(whole), self._title.transform(titles))

    def word_values(self, row: csr_matrix) -> list[tuple[int, str, float]]:
        """Return column, word and value of the words of the whole text, for explanations."""
        return self._whole.word_values(row)

    def _joined(self, whole: Sequence[str], rows: csr_matrix, titles: csr_matrix) -> csr_matrix:
        joined: Any = csr_matrix(hstack([rows, titles * _TITLE_WEIGHT], format="csr", dtype=np.float32))
        return with_meaning(joined, whole, self._vector_weight) if self._vector_weight else joined


def _shaped(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Shape whole texts and their titles."""
    titles = [text.split(BREAK, 1)[0] if BREAK in text else text[:_OPENING] for text in texts]
    return [shape(text) for text in texts], [shape(title) for title in titles]
