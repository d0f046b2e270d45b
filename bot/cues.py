"""Small words that steer a conversation (对话提示词): yes, no, cancel, the second one, anonymous.

The words are in `nlu_data/dictionaries/turn.yml`. They decide inside forms, where a wrong guess of the classifier
would cost the citizen what they typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import yaml

from bot.clauses import clauses
from bot.phrases import Group, Rule, Rules, any_of, words

_PUNCTUATION = re.compile(r"[\s,，。.!！?？;；、~…:：\"'“”‘’()（）]+")
_ANY_LENGTH = 10_000
_SHORT = 16


@dataclass(frozen=True)
class Cue:
    """One small meaning: whole sentences that are it, and phrases that carry it in a short sentence."""

    exact: frozenset[str]
    phrases: Group
    longest: int

    def heard(self, bare: str) -> bool:
        """Whether the sentence, already without punctuation, says it."""
        return bare in self.exact or (len(bare) <= self.longest and any_of(self.phrases, bare))


@dataclass(frozen=True)
class Cues:
    """All cues by name, and the word lists of places, times, outlets."""

    cues: Mapping[str, Cue]
    lists: Mapping[str, Group]
    ordinals: Mapping[str, Group]
    outlets: Rules
    particles: Group

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `dictionaries/turn.yml`."""
        data: dict[str, Any] = yaml.safe_load((nlu_data / "dictionaries" / "turn.yml").read_text(encoding="utf-8"))
        cues = {name: _cue(entry) for name, entry in data.items() if isinstance(entry, dict) and name != "ordinals"}
        lists = {name: words(entry) for name, entry in data.items() if isinstance(entry, list) and name != "outlets"}
        ordinals = {str(number): words(group) for number, group in data["ordinals"].items()}
        outlets = Rules(Rule.parse(entry) for entry in data["outlets"])
        return cls(cues, lists, ordinals, outlets, words(data["particles"]))

    def says(self, name: str, text: str) -> bool:
        """Whether the sentence says the named thing (`agree`, `disagree`, `cancel` …)."""
        bare = _PUNCTUATION.sub("", text)
        cue = self.cues[name]
        return cue.heard(bare) or cue.heard(self._plain(bare))

    def mentions(self, name: str, text: str) -> bool:
        """Whether a word of the named list occurs."""
        return any_of(self.lists[name], text)

    def after(self, name: str, text: str) -> str | None:
        """What follows the last word of the named list, without particles; None when none occurs."""
        ends = [text.rfind(word) + len(word) for word in self.lists[name] if word in text]
        return self._plain(text[max(ends) :]) if ends else None

    def ordinal(self, text: str, count: int) -> int | None:
        """Which of `count` choices a short sentence points at, from 0; None when it points at none."""
        bare = _PUNCTUATION.sub("", text)
        if len(bare) > _SHORT:
            return None
        for number, group in self.ordinals.items():
            place = count if number == "last" else int(number)
            if place <= count and self._points(bare, group):
                return place - 1
        return None

    def outlet(self, text: str) -> str | None:
        """The outlet of a matter the hotline cannot take up; None for a how-to question or any other matter."""
        if self.mentions("how_to", text):
            return None
        rules = self.outlets.among(text)
        parts = clauses(text) if rules else []
        joined = [*parts, *(f"{first},{second}" for first, second in pairwise(parts))]
        return next((rule.name for rule in rules if any(rule.matches(part) for part in joined)), None)

    def _points(self, bare: str, group: Group) -> bool:
        long = tuple(word for word in group if len(word) > 1)
        plain = self._plain(bare)
        return any_of(long, bare) or plain in group or plain.removesuffix("个") in group

    def _plain(self, bare: str) -> str:
        for particle in self.particles:
            if len(bare) > len(particle) and bare.endswith(particle):
                return bare.removesuffix(particle)
        return bare


def _cue(entry: Mapping[str, Any]) -> Cue:
    exact = frozenset(words(entry.get("exact", ())))
    return Cue(exact, words(entry.get("any", ())), int(entry.get("longest", _ANY_LENGTH)))
