"""What must be known of a matter (要素模板): the dispatch catalogue says what; the citizen is asked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from bot.phrases import Group, any_of, words
from routing.catalogue import Catalogue, Duty

MOST = 3


@dataclass(frozen=True, slots=True)
class Field:
    """One thing worth asking: how it is asked, and words that show it was said already."""

    words: str
    given: Group


@dataclass(frozen=True)
class Fields:
    """Which fields the place or the time answers, and which are asked."""

    settled: Group
    ask: Mapping[str, Field]

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `dictionaries/fields.yml`."""
        data = yaml.safe_load((nlu_data / "dictionaries" / "fields.yml").read_text(encoding="utf-8"))
        ask = {name: Field(entry["words"], words(entry["given"])) for name, entry in data["ask"].items()}
        return cls((*words(data["place"]), *words(data["time"])), ask)

    def missing(self, catalogue: Catalogue, told: str) -> tuple[str, ...]:
        """How to ask for what the matter's template wants and the words do not hold, at most three things."""
        duty = _duty(catalogue, told)
        wanted = [self.ask[name] for name in duty.ask if name in self.ask and name not in self.settled] if duty else []
        return tuple(field.words for field in wanted if not any_of(field.given, told))[:MOST]


def _duty(catalogue: Catalogue, told: str) -> Duty | None:
    """The entry of the catalogue with the most of its words in the text."""
    found = [entry for entries in catalogue.duties_in(told).values() for entry in entries]
    return max(found, key=lambda entry: sum(map(len, entry[1])), default=(None, ()))[0]
