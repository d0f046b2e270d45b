"""Risk words (风险词): matters that are no emergency this minute, yet the duty leader must hear of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Self

import yaml

from bot.clauses import clauses
from bot.phrases import Rule, Rules
from ticketing.alarms import AlarmTimes


@dataclass(frozen=True)
class Risks:
    """The risk rules, and the city's times for alarms."""

    rules: Rules
    times: AlarmTimes

    @classmethod
    def load(cls, nlu_data: Path, pack: Path) -> Self:
        """Read `dictionaries/alarms.yml` and the city's `alarms.yml`."""
        said = yaml.safe_load((nlu_data / "dictionaries" / "alarms.yml").read_text(encoding="utf-8"))
        minutes = yaml.safe_load((pack / "alarms.yml").read_text(encoding="utf-8"))
        times = AlarmTimes(timedelta(minutes=minutes["acknowledge"]), timedelta(minutes=minutes["report"]))
        return cls(Rules(Rule.parse(entry) for entry in said["risks"]), times)

    def found(self, text: str) -> str | None:
        """The name of the first risk the text tells of; its words must stand in one clause or two that follow."""
        rules = self.rules.among(text)
        parts = clauses(text) if rules else []
        joined = [*parts, *(f"{first},{second}" for first, second in pairwise(parts))]
        return next((rule.name for rule in rules if any(rule.matches(part) for part in joined)), None)
