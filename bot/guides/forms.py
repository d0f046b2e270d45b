"""Every written form of every item (名称, 别名, 例句), indexed by characters and by meaning."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.guides.grams import Floats, GramIndex, compact
from bot.guides.library import Item, Library

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
ENCODE_BATCH = 256


class FormKind(IntEnum):
    """What a written form is to its item."""

    NAME = 0
    ALIAS = 1
    EXAMPLE = 2


@dataclass(frozen=True, slots=True)
class Form:
    """One written form, already compact, and the position of its item."""

    text: str
    owner: int
    kind: FormKind


class Forms:
    """All forms of a library with their indexes; `items[form.owner]` is the item."""

    def __init__(self, items: Sequence[Item], encode: Encode | None = None, cache: Path | None = None) -> None:
        self.items = tuple(items)
        self.forms = tuple(form for owner, item in enumerate(self.items) for form in _forms(item, owner))
        self.owners = np.array([form.owner for form in self.forms], dtype=np.int32)
        self.grams = GramIndex([form.text for form in self.forms])
        self.encode = encode
        self.vectors = _vectors([form.text for form in self.forms], encode, cache) if encode else None

    @classmethod
    def of(cls, library: Library, encode: Encode | None = None, cache: Path | None = None) -> Forms:
        """The forms of every item of a library."""
        return cls(tuple(library), encode, cache)


def _forms(item: Item, owner: int) -> Iterator[Form]:
    # Names of catalogues and citizens' words are compared without punctuation and in lower case.
    seen: set[str] = set()
    texts = [(item.name, FormKind.NAME), *((a, FormKind.ALIAS) for a in item.aliases)]
    for text, kind in [*texts, *((e, FormKind.EXAMPLE) for e in item.examples)]:
        short = compact(text.lower())
        if short and short not in seen:
            seen.add(short)
            yield Form(short, owner, kind)


def _vectors(texts: Sequence[str], encode: Encode, cache: Path | None) -> Floats:
    """The vectors of the forms, read from `cache` when these very texts were encoded before."""
    if cache is None:
        return _encode_all(texts, encode)
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]
    file = cache / f"forms-{digest}.npy"
    if file.exists():
        return np.asarray(np.load(file), dtype=np.float32)
    vectors = _encode_all(texts, encode)
    cache.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed, so that a process killed half way leaves no broken file.
    partial = file.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as out:
        np.save(out, vectors.astype(np.float16))
    partial.replace(file)
    return vectors


def _encode_all(texts: Sequence[str], encode: Encode) -> Floats:
    parts = [encode(texts[start : start + ENCODE_BATCH]) for start in range(0, len(texts), ENCODE_BATCH)]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, 1), dtype=np.float32)
