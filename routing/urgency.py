"""How urgent a matter is (紧急程度): danger to life is critical, missing water, power, heat or gas is urgent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from routing.catalogue import Condition, condition, read_yaml
from routing.classifier import Floats, Linear

Urgency = Literal["normal", "urgent", "critical"]


CRITICAL = "critical"


@dataclass(frozen=True)
class Danger:
    """Hears danger to life however it is told: a quick model screens, one that also reads meaning decides."""

    screen: Linear
    judge: Linear
    suspicion: float
    alarm: float

    def suspected(self, rows: Any) -> NDArray[np.bool_]:
        """Say which rows are worth reading for their meaning."""
        return np.asarray(danger_scores(self.screen, self.screen.margins(rows)) >= self.suspicion)

    def heard(self, rows: Any) -> NDArray[np.bool_]:
        """Say in which rows, their meaning beside them, somebody is in danger."""
        return np.asarray(danger_scores(self.judge, self.judge.margins(rows)) >= self.alarm)


def danger_scores(model: Linear, margins: Floats) -> Floats:
    """Return how much more a model takes each row for critical than not."""
    column = model.classes.index(CRITICAL)
    return margins[:, column] - margins[:, 1 - column]


@dataclass(frozen=True)
class UrgencyRules:
    """The words of danger and of need."""

    critical: tuple[Condition, ...]
    urgent: tuple[Condition, ...]

    @classmethod
    def load(cls, path: Path) -> UrgencyRules:
        """Read the rules of urgency."""
        raw = read_yaml(path)
        return cls(_conditions(raw["critical"]), _conditions(raw["urgent"]))

    def of(self, text: str, kind: str, guess: Urgency = "normal") -> Urgency:
        """Return the urgency of a normalised text, the higher of the stated and the learnt; praise is never hurried."""
        if kind in {"表扬", "建议"}:
            return "normal"
        if guess == "critical" or any(one.match(text) for one in self.critical):
            return "critical"
        if kind != "咨询" and (guess == "urgent" or any(one.match(text) for one in self.urgent)):
            return "urgent"
        return "normal"


def guesses(model: Linear, rows: Any) -> list[Urgency]:
    """Return what the classifier takes each text for; it was trained on the three levels only."""
    return [cast(Urgency, model.classes[column]) for column in model.margins(rows).argmax(axis=1)]


def _conditions(raw: Any) -> tuple[Condition, ...]:
    return tuple(condition(one["all"], one.get("none", ())) for one in raw)
