"""One spelling for everything people type (归一化): width, 繁→简, variants, blanks, invisible characters.

Every output character remembers which input character it came from, so a finding in the normalised text can be
shown in the citizen's own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

# OpenCC knows the standard pairs; these are the ones it leaves alone but citizens and old scans use.
VARIANTS = str.maketrans(
    {
        "煖": "暖",
        "妳": "你",
        "祢": "你",
        "証": "证",
        "隻": "只",
        "﹔": ";",
        "帳": "账",
        "牠": "它",
        "獃": "呆",
        "痠": "酸",
    }
)
_MAX_PASSES = 6
# 著 is written for 着 in old and Traditional texts (著火, 睡著); in words about writing and fame it stays.
_ASPECT = re.compile("(?<![显名原编专土论译卓昭拙巨合遗所])著(?![名作书称者录述])")


class _Converter(Protocol):
    """The one method of OpenCC that is used."""

    def convert(self, text: str) -> str:
        """Convert Traditional characters to Simplified ones."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised text; `offsets[i]` is the input index of output character i, the last entry is the input's end."""

    text: str
    offsets: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open span of the input behind the half-open span of the output."""
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"span {start}..{end} is outside a text of {len(self.text)} characters")
        if start == end:
            return self.offsets[start], self.offsets[start]
        first = self.offsets[start]
        return first, max(self.offsets[end], first + 1)


def normalise(text: str) -> Normalised:
    """Normalise a text (归一化); applying it to its own output changes nothing."""
    current = Normalised(text, tuple(range(len(text) + 1)))
    for _ in range(_MAX_PASSES):
        following = _one_pass(current)
        if following.text == current.text:
            return following
        current = following
    return current


def normalised(text: str) -> str:
    """Return only the normalised text."""
    return normalise(text).text


def _one_pass(current: Normalised) -> Normalised:
    for step in (_drop_invisible, _fold_width, _simplify, _fold_blanks):
        current = step(current)
    return current


def _rebuild(source: Normalised, pieces: list[tuple[str, int]]) -> Normalised:
    """Join pieces (output, index of its source character) into a text whose offsets still point at the first input."""
    text = "".join(piece for piece, _ in pieces)
    offsets = [source.offsets[index] for piece, index in pieces for _ in piece]
    offsets.append(source.offsets[-1])
    return Normalised(text, tuple(offsets))


def _drop_invisible(source: Normalised) -> Normalised:
    if not any(_invisible(char) for char in source.text):
        return source
    kept = [(char, index) for index, char in enumerate(source.text) if not _invisible(char)]
    return _rebuild(source, kept)


def _invisible(char: str) -> bool:
    """Say whether a character shows nothing: controls, zero-width and direction marks, variation selectors."""
    if " " <= char <= "~" or "一" <= char <= "鿿":
        return False
    if char.isspace():
        return False
    if unicodedata.category(char) in {"Cc", "Cf", "Cs"}:
        return True
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _fold_width(source: Normalised) -> Normalised:
    """Apply NFKC and lower-case per cluster (a base and its combining marks), so that offsets stay known."""
    text = source.text
    if unicodedata.is_normalized("NFKC", text) and text == text.lower():
        return source
    pieces: list[tuple[str, int]] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index < len(text) and unicodedata.combining(text[index]):
            continue
        pieces.append((_fold_cluster(text[start:index]), start))
        start = index
    return _rebuild(source, pieces)


def _fold_cluster(cluster: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).lower())


def _simplify(source: Normalised) -> Normalised:
    """Turn Traditional characters into Simplified ones with OpenCC's phrases where the length allows it."""
    text = source.text.translate(VARIANTS)
    if text.isascii():
        return Normalised(text, source.offsets)
    convert = _opencc().convert
    whole = convert(text)
    if len(whole) != len(text):
        whole = _simplify_alone(text, convert)
    return Normalised(_ASPECT.sub("着", whole), source.offsets)


def _simplify_alone(text: str, convert: Callable[[str], str]) -> str:
    """Convert character by character, keeping any that would change the length."""
    converted = (convert(char) for char in text)
    return "".join(new if len(new) == 1 else old for old, new in zip(text, converted, strict=True))


@cache
def _opencc() -> _Converter:
    """Load OpenCC once; its dictionaries take some milliseconds."""
    from opencc import OpenCC

    converter: _Converter = OpenCC("t2s")
    return converter


def _fold_blanks(source: Normalised) -> Normalised:
    """Make each run of blanks one space and drop it at both ends."""
    text = source.text
    if text == " ".join(text.split()):
        return source
    pieces: list[tuple[str, int]] = []
    for index, char in enumerate(text):
        if not char.isspace():
            pieces.append((char, index))
        elif pieces and pieces[-1][0] != " ":
            pieces.append((" ", index))
    if pieces and pieces[-1][0] == " ":
        pieces.pop()
    return _rebuild(source, pieces)
