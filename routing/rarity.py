"""How rare words and sounds are in what citizens write: only rare ones point at a place or a matter."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import rjieba

from routing.language.normalise import normalised
from routing.language.sounds import sounds

_NUMERAL = re.compile(r"[0-9零〇一二两三四五六七八九十百几]+")
_WORD = re.compile(r"[a-z一-鿿]+")
_COMMON_CHARACTER = 1.5
_COMMON_WORD = 2.2
_COMMON_SYLLABLE = 4.0  # a word of one character says little unless it is rare


def grams(sound: str) -> list[str]:
    """The pairs of neighbouring sounds, numbers and punctuation left out."""
    plain = _NUMERAL.sub(" ", sound)
    return ["".join(pair) for pair in pairwise(plain) if pair[0].isalnum() and pair[1].isalnum()]


class Rarity:
    """Counts in how many texts each pair of sounds, character and word stands."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._total = 0
        for text in map(normalised, texts):
            self._counts.update({*grams(sounds(text)), *text})
            self._words.update(set(rjieba.cut(text)))
            self._total += 1
        self._unknown = math.log(self._total + 1)
        self._weights = {piece: math.log((self._total + 1) / (n + 1)) for piece, n in self._counts.items()}

    def of(self, piece: str) -> float:
        """The inverse document frequency of a pair of sounds or of a character."""
        return self._weights.get(piece, self._unknown)

    def mass(self, pairs: Iterable[str]) -> float:
        """What some pairs weigh together."""
        return sum(self.of(pair) ** 2 for pair in pairs)

    def characters(self, found: Iterable[str]) -> float:
        """What some characters weigh together; the common ones weigh nothing."""
        return sum(max(0.0, self.of(char) - _COMMON_CHARACTER) ** 2 for char in found)

    def telling_words(self, text: str) -> dict[str, float]:
        """The words of a normalised text that tell of its matter, and how rare each is."""
        weights = {word: self._of_word(word) for word in rjieba.cut(text) if _WORD.fullmatch(word)}
        return {
            word: weight
            for word, weight in weights.items()
            if weight > (_COMMON_WORD if len(word) > 1 else _COMMON_SYLLABLE)
        }

    def _of_word(self, word: str) -> float:
        return math.log((self._total + 1) / (self._words[word] + 1))
