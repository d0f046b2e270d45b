"""How a text sounds (读音): typing slips and speech recognition swap characters of one sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import rjieba

from routing.language.sounds import sounds


class Spelling:
    """Puts back the library's own pairs of characters where a text has an unknown pair of the same sound."""

    def __init__(self, forms: Iterable[str]) -> None:
        counts = Counter(form[i : i + 2] for form in forms for i in range(len(form) - 1))
        self._pairs = frozenset(counts)
        # The rarest first, so that the commonest pair of a sound is the one that stays.
        self._by_sound = {sounds(pair): pair for pair, _ in reversed(counts.most_common())}

    def repaired(self, text: str, masked: Sequence[bool]) -> str:
        """The text with misheard pairs replaced (户照 → 护照).

        Only a character that forms no word where it stands is ever changed; question words and known pairs stay.
        """
        chars, alone = list(text), _alone(text)
        for i in range(len(chars) - 1):
            pair = chars[i] + chars[i + 1]
            if pair in self._pairs or masked[i] or masked[i + 1]:
                continue
            found = self._by_sound.get(sounds(pair), pair)
            if all(old == new or alone[i + k] for k, (old, new) in enumerate(zip(pair, found, strict=True))):
                chars[i : i + 2] = found
        return "".join(chars)


def _alone(text: str) -> list[bool]:
    """For each character, whether segmentation leaves it a word of its own."""
    return [len(word) == 1 for word in rjieba.cut(text, False) for _ in word]
