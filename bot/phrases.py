"""Rules over words (词表规则): which words must meet in a clause. The words live in `nlu_data/dictionaries`.

Everything is plain substring search over lists we wrote, so the time is linear in the message.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Self

Group = tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One rule: a phrase suffices, or one word from every group of a combination; `unless` vetoes.

    A word of `exact` counts only when it is all there is.
    """

    name: str
    phrases: Group = ()
    combinations: tuple[tuple[Group, ...], ...] = ()
    unless: Group = ()
    exact: Group = ()
    number: str = ""

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """The rule as a dictionary file writes it (`any`, `all`, `unless`)."""
        combinations = tuple(tuple(words(group) for group in combination) for combination in data.get("all", ()))
        return cls(
            str(data["name"]), words(data.get("any", ())), combinations, words(data.get("unless", ())),
            words(data.get("exact", ())), str(data.get("number", "")),
        )  # fmt: skip

    @property
    def words(self) -> Iterator[str]:
        """Every word that can make it match."""
        return chain(self.phrases, self.exact, *(group for groups in self.combinations for group in groups))

    def among(self, said: Container[str]) -> Self | None:
        """The rule with only those words that were said at all; None when it cannot match any part of the text."""
        phrases = _kept(self.phrases, said)
        combinations = (tuple(_kept(group, said) for group in groups) for groups in self.combinations)
        possible = tuple(groups for groups in combinations if all(groups))
        exact = _kept(self.exact, said)
        if not phrases and not possible and not exact:
            return None
        return replace(self, phrases=phrases, combinations=possible, exact=exact)

    def matches(self, part: str, negations: Group = ()) -> bool:
        """Whether the part says it; a phrase right behind a negation (没着火) does not count."""
        if any(word in part for word in self.unless):
            return False
        if part in self.exact or any(_stated(phrase, part, negations) for phrase in self.phrases):
            return True
        return any(all(any(word in part for word in group) for group in groups) for groups in self.combinations)


class Rules:
    """Many rules asked of one text: its characters tell which of their thousands of words it can hold at all."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple((rule, frozenset(rule.words)) for rule in rules)
        self._by_first: dict[str, list[str]] = {}
        for word in sorted(frozenset[str]().union(*(words for _, words in self._rules))):
            self._by_first.setdefault(word[0], []).append(word)

    def __iter__(self) -> Iterator[Rule]:
        return (rule for rule, _ in self._rules)

    def among(self, text: str) -> list[Rule]:
        """The rules that may match some part of the text, each with only the words that occur in it."""
        said = frozenset(word for first in set(text) for word in self._by_first.get(first, ()) if word in text)
        possible = (rule.among(said) for rule, words in self._rules if not words.isdisjoint(said))
        return [rule for rule in possible if rule]


def words(data: Iterable[Any]) -> Group:
    """The words of a dictionary list; an entry may hold several words with `|` between them."""
    return tuple(word for entry in data for word in str(entry).split("|") if word)


def present(group: Group, text: str) -> Group:
    """Those words of the group that occur in the text."""
    return tuple(word for word in group if word in text)


def _kept(group: Group, said: Container[str]) -> Group:
    return tuple(word for word in group if word in said)


def any_of(group: Group, text: str) -> bool:
    """Whether one of the words occurs in the text."""
    return any(word in text for word in group)


def eraser(group: Group) -> re.Pattern[str]:
    """A pattern of the words themselves, the longest first, for taking them out of a text."""
    return re.compile("|".join(re.escape(word) for word in sorted(group, key=len, reverse=True)))


def _stated(phrase: str, part: str, negations: Group) -> bool:
    """Whether the phrase occurs at least once without a negation directly before it."""
    at = part.find(phrase)
    while at >= 0:
        before = part[max(0, at - 3) : at]
        if not before.endswith(negations or ("\0",)):
            return True
        at = part.find(phrase, at + 1)
    return False
