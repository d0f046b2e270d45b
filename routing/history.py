"""A city's own labels (历史标签): the model that `route train` made, answering beside the router."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from routing.classifier import TextClassifier
from routing.evaluate import CHARACTERS, MODEL_FILE, SETTINGS_FILE
from routing.router import Recommendation

_CANDIDATES = 5


@dataclass(frozen=True)
class History:
    """The trained labels, and from which confidence on they needed nobody on held-out rows."""

    classifier: TextClassifier
    auto_threshold: float

    @classmethod
    def load(cls, folder: Path) -> History:
        """Read what `route train` wrote into a folder."""
        settings = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        return cls(TextClassifier.load(folder / MODEL_FILE), float(settings["auto"]))

    def answer(self, texts: Sequence[str], recommended: Sequence[Recommendation]) -> list[dict[str, Any]]:
        """Return contract lines: labels from history; kind, urgency and region as the router recommended."""
        rows = self.classifier.features.transform([_one_line(text)[:CHARACTERS] for text in texts])
        chances = self.classifier.linear.probabilities(rows)
        return [one.to_json() | self._ranked(rows[at], chances[at]) for at, one in enumerate(recommended)]

    def _ranked(self, row: Any, chances: Any) -> dict[str, Any]:
        linear, values = self.classifier.linear, self.classifier.features.word_values(row)
        best = [(linear.classes[column], float(chances[column])) for column in np.argsort(-chances)[:_CANDIDATES]]
        candidates = [
            {"department": label, "confidence": round(chance, 4), "why": list(linear.telling_words(values, label))}
            for label, chance in best
        ]
        confidence = best[0][1]
        auto = confidence >= self.auto_threshold
        lead = {"department": best[0][0], "confidence": round(confidence, 4), "auto": auto}
        return lead | {"candidates": candidates, "assist": []}


def _one_line(text: str) -> str:
    """A text alone has no title line; its opening stands in for one."""
    return " ".join(text.split())
