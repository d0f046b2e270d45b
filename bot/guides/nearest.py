"""Nearest forms by meaning (语义近邻): exact in small libraries, by a sketch and a second look in large ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.guides.grams import Floats

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
ENCODE_BATCH = 256
SKETCH, LARGE, WIDER = 96, 2000, 4


class FormVectors:
    """The vectors of all forms, and how to compare a question with them."""

    def __init__(self, texts: Sequence[str], encode: Encode, cache: Path | None = None) -> None:
        self.encode = encode
        self._vectors = _load(texts, encode, cache)
        large = len(texts) > LARGE
        self._basis = principal(self._vectors, SKETCH) if large else None
        self._sketch = self._vectors @ self._basis if self._basis is not None else self._vectors

    def nearest(self, asked: Floats, count: int) -> NDArray[np.intp]:
        """The forms most like the question, in no order."""
        if self._basis is None:
            return _top(self._vectors @ asked, count)
        roughly = _top(self._sketch @ (asked @ self._basis), count * WIDER)
        return roughly[_top(self.likeness(asked, roughly), count)]

    def likeness(self, asked: Floats, forms: NDArray[np.intp]) -> Floats:
        """The cosine of the question with some forms."""
        return np.asarray(self._vectors[forms] @ asked, dtype=np.float32)


def _top(values: Floats, count: int) -> NDArray[np.intp]:
    if len(values) <= count:
        return np.arange(len(values))
    return np.argpartition(-values, count - 1)[:count]


def principal(vectors: Floats, count: int) -> Floats:
    """The `count` directions in which vectors differ most, one a column."""
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(directions[:, ::-1][:, :count], dtype=np.float32)


def _load(texts: Sequence[str], encode: Encode, cache: Path | None) -> Floats:
    """The vectors, read from `cache` when these very texts were encoded before."""
    if cache is None:
        return encode_all(texts, encode)
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]
    file = cache / f"forms-{digest}.npy"
    if file.exists():
        return np.asarray(np.load(file), dtype=np.float32)
    vectors = encode_all(texts, encode)
    cache.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed, so that a process killed half way leaves no broken file.
    partial = file.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as out:
        np.save(out, vectors.astype(np.float16))
    partial.replace(file)
    return vectors


def encode_all(texts: Sequence[str], encode: Encode) -> Floats:
    """The vectors of many texts, some at a time, one a row."""
    parts = [encode(texts[start : start + ENCODE_BATCH]) for start in range(0, len(texts), ENCODE_BATCH)]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, 1), dtype=np.float32)
