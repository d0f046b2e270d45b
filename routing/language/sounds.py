"""How a text sounds (读音): typing slips and speech recognition swap characters of one sound."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

# What many speakers and input methods do not tell apart: 翘舌/平舌 and 前后鼻音.
_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


def sounds(text: str) -> str:
    """One letter for each character's syllable, so that texts of one sound are equal; other characters stay."""
    return "".join(map(_sound, text))


@lru_cache(maxsize=20_000)
def _sound(char: str) -> str:
    if not "一" <= char <= "鿿":
        return char
    syllable = lazy_pinyin(char, style=Style.NORMAL)[0]
    for said, folded in _FOLDED:
        syllable = syllable.replace(said, folded)
    return _letter(syllable)


@lru_cache(maxsize=2_000)
def _letter(syllable: str) -> str:
    """A letter for a syllable, the same in every process: its own number in base 27."""
    number = 0
    for letter in syllable[:6]:
        number = number * 27 + (ord(letter) - ord("a") + 1 if "a" <= letter <= "z" else 0)
    # Six letters in base 27 do not fit one plane; syllables are few, so a modulus keeps them apart.
    return chr(0x20000 + number % 60_013)
