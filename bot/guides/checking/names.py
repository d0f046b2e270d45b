"""Names that can be taken for one another (名称冲突): shared aliases, names inside names, names of one sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.guides.checking.finding import Finding, Read
from bot.guides.grams import compact
from routing.language.normalise import normalised
from routing.language.sounds import sounds

_SPELT = 3
_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Name:
    text: str
    read: Read
    is_alias: bool

    @property
    def item(self) -> str:
        return self.read.guide.code


def check(reads: Sequence[Read]) -> Iterator[Finding]:
    """Every alias that another item could answer to; namesakes (same name, another case or place) are one item."""
    names = [name for read in reads for name in _names(read)]
    by_text: defaultdict[str, list[_Name]] = defaultdict(list)
    for name in names:
        by_text[name.text].append(name)
    families = {name.item: name.text for name in names if not name.is_alias}
    yield from _shared(names, by_text, families)
    yield from _inside(names, families)
    yield from _one_sound(names, families)


def _names(read: Read) -> Iterator[_Name]:
    guide = read.guide
    own = compact(normalised(guide.name))
    yield _Name(own, read, is_alias=False)
    for alias in dict.fromkeys(compact(normalised(alias)) for alias in guide.aliases):
        if alias and alias != own:
            yield _Name(alias, read, is_alias=True)


def _shared(names: Sequence[_Name], by_text: dict[str, list[_Name]], families: dict[str, str]) -> Iterator[Finding]:
    for name in names:
        if not name.is_alias:
            continue
        others = {other.item for other in by_text[name.text] if _strangers(name, other, families) and other.is_alias}
        named = {other.item for other in by_text[name.text] if _strangers(name, other, families) and not other.is_alias}
        if named:
            yield name.read.finding("alias_is_name", None, f"{name.text} = {_some(named)}")
        elif others:
            yield name.read.finding("alias_shared", None, f"{name.text} = {_some(others)}")


def _inside(names: Sequence[_Name], families: dict[str, str]) -> Iterator[Finding]:
    """An alias that stands in another item's name answers for it too, unless the item's own name explains it."""
    aliases: defaultdict[str, list[_Name]] = defaultdict(list)
    for name in names:
        if name.is_alias:
            aliases[name.text].append(name)
    lengths = sorted({len(text) for text in aliases})
    found: defaultdict[_Name, set[str]] = defaultdict(set)
    for other in names:
        if other.is_alias:
            continue
        for length in lengths:
            for at in range(len(other.text) - length + 1):
                for name in aliases.get(other.text[at : at + length], ()):
                    if len(other.text) > length and _strangers(name, other, families):
                        found[name].add(other.item)
    for name, items in found.items():
        yield name.read.finding("alias_in_name", None, f"{name.text} ⊂ {_some(items)}")


def _one_sound(names: Sequence[_Name], families: dict[str, str]) -> Iterator[Finding]:
    """Names that speech recognition and pinyin input cannot tell apart."""
    by_sound: defaultdict[str, list[_Name]] = defaultdict(list)
    for name in names:
        if len(name.text) >= _SPELT:
            by_sound[sounds(name.text)].append(name)
    for group in by_sound.values():
        for name in group:
            others = {
                f"{other.text}（{other.item}）"
                for other in group
                if other.text != name.text and _strangers(name, other, families)
            }
            if others and name.is_alias:
                yield name.read.finding("alias_sounds_alike", None, f"{name.text} ≈ {_some(others)}")


def _strangers(name: _Name, other: _Name, families: dict[str, str]) -> bool:
    return other.item != name.item and families.get(other.item) != families.get(name.item)


def _some(items: set[str]) -> str:
    ordered = sorted(items)
    return "、".join(ordered[:_SHOWN]) + ("…" if len(ordered) > _SHOWN else "")
