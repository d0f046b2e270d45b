"""Several matters in one message (一句话几件事): where one ends and the next begins. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from bot.clauses import clauses
from bot.guides.elements import asks
from bot.guides.lexicon import Lexicon
from bot.phrases import Group, words

MOST = 3
_SHORTEST = 4
_COMMA = "，"


@dataclass(frozen=True)
class Matters:
    """The words that begin another matter."""

    connectors: Group
    not_connectors: Group
    inside: Group

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `dictionaries/matters.yml`; longer connectors come first."""
        data = yaml.safe_load((nlu_data / "dictionaries" / "matters.yml").read_text(encoding="utf-8"))
        longest = sorted(words(data["connectors"]), key=len, reverse=True)
        return cls(tuple(longest), words(data["not_connectors"]), words(data["inside"]))

    def split(self, text: str, lexicon: Lexicon) -> tuple[str, ...]:
        """The parts of a message that may each be a matter, at most three; one part when it is one matter.

        A part begins with a connector (另外……), or behind a clause that asked something outright.
        """
        parts: list[list[str]] = [[]]
        for clause in self._clauses(text, lexicon):
            connector = self._connector(clause)
            rest = clause[len(connector) :].strip() if connector else clause
            asked = bool(parts[-1]) and asks(parts[-1][-1], lexicon) and asks(rest, lexicon)
            if parts[-1] and (connector or asked) and len(parts) < MOST:
                parts.append([])
            if rest:
                parts[-1].append(rest)
        told = tuple(_COMMA.join(part) for part in parts if part)
        return told if all(len(part) >= _SHORTEST for part in told) else (text,)

    def _clauses(self, text: str, lexicon: Lexicon) -> Iterator[str]:
        """Clauses, and speech without punctuation cut where a connector follows a question."""
        for clause in clauses(text):
            at = self._turning(clause, lexicon)
            if at:
                yield clause[:at]
            yield clause[at:]

    def _turning(self, clause: str, lexicon: Lexicon) -> int:
        """Where inside a clause another matter begins; 0 when nowhere."""
        found = [clause.find(word, _SHORTEST) for word in self.inside]
        places = [at for at in found if at > 0 and not clause.startswith(self.not_connectors, at)]
        return next((at for at in sorted(places) if asks(clause[:at], lexicon)), 0)

    def _connector(self, clause: str) -> str:
        if clause.startswith(self.not_connectors):
            return ""
        return next((word for word in self.connectors if clause.startswith(word)), "")
