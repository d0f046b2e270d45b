"""What a text looks like to the linear models: characters, words and, where asked for, its meaning vector."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import rjieba
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from routing.language.normalise import normalised
from routing.language.vectors import encode

MAX_CHARACTERS = 3000
_VECTOR_CHARACTERS = 120
_VECTOR_BATCH = 64
_DIGITS = re.compile(r"\d+")
_NOT_WORD = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_COMMON = "的 了 在 是 我 我们 我家 有 没 没有 也 都 就 还 和 一个 个 人 不 要 怎么 什么 吗 能 可以 说 去 到 "
_PRONOUNS = "被 把 给 这 那 他 她 你 几 "
_OFFICE = "市民 反映 诉求 来电人 称 来电 请 希望 问 一下 咨询 要求 请求 有关 部门 处理 解决"
STOP_WORDS = frozenset((_COMMON + _PRONOUNS + _OFFICE).split())


def shape(text: str) -> str:
    """Leave out what only shows how a text was typed: punctuation, blanks, the digits of numbers."""
    folded = _DIGITS.sub("0", normalised(text[:MAX_CHARACTERS]))
    return _NOT_WORD.sub(" ", folded).strip()


def words(text: str) -> list[str]:
    """Cut a shaped text into words, long ones also into their parts, without the common ones."""
    return [word for word in rjieba.cut_for_search(text) if word.strip() and word not in STOP_WORDS]


class Features:
    """Character and word TF-IDF of shaped texts, with the sentence vector beside them when `vector_weight` > 0."""

    def __init__(
        self, *, vector_weight: float = 0.0, longest: int = 4, rare: int = 1, limit: int | None = None
    ) -> None:
        self.vector_weight = vector_weight
        options = {"sublinear_tf": True, "min_df": rare, "dtype": np.float32, "max_features": limit}
        self._characters = TfidfVectorizer(analyzer="char", ngram_range=(1, longest), **options)
        self._words = TfidfVectorizer(analyzer=words, **options)

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """Learn the vocabulary of shaped texts and return one row for each."""
        return self._joined([self._characters.fit_transform(texts), self._words.fit_transform(texts)], texts)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return one row a shaped text."""
        return self._joined([self._characters.transform(texts), self._words.transform(texts)], texts)

    @property
    def width(self) -> int:
        """How many columns there are before the sentence vector."""
        return len(self._characters.vocabulary_) + len(self._words.vocabulary_)

    def word_values(self, row: csr_matrix) -> list[tuple[int, str, float]]:
        """Return column, word and value of the word features of one row, for explanations."""
        first = len(self._characters.vocabulary_)
        names = self._word_names
        pairs = zip(row.indices, row.data, strict=True)
        return [(int(at), names[at - first], float(value)) for at, value in pairs if first <= at < first + len(names)]

    def _joined(self, blocks: list[Any], texts: Sequence[str]) -> csr_matrix:
        rows = csr_matrix(hstack(blocks, format="csr", dtype=np.float32))
        return with_meaning(rows, texts, self.vector_weight) if self.vector_weight else rows

    @cached_property
    def _word_names(self) -> list[str]:
        return list(self._words.get_feature_names_out())


def with_meaning(rows: csr_matrix, texts: Sequence[str], weight: float) -> csr_matrix:
    """Put the sentence vectors of shaped texts beside their rows."""
    return csr_matrix(hstack([rows, csr_matrix(sentence_vectors(texts) * weight)], format="csr", dtype=np.float32))


def sentence_vectors(texts: Sequence[str]) -> Any:
    """Encode the beginnings of texts, where people say what the matter is, some at a time."""
    starts = range(0, len(texts), _VECTOR_BATCH)
    blocks = [encode([text[:_VECTOR_CHARACTERS] for text in texts[at : at + _VECTOR_BATCH]]) for at in starts]
    return np.vstack(blocks) if blocks else encode([])
