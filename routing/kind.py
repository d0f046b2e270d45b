"""What the citizen wants (诉求类型): 咨询 求助 投诉 举报 建议 表扬, by plain words first, then by the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from routing.catalogue import Condition, condition, read_yaml
from routing.classifier import Linear

Kind = Literal["咨询", "求助", "投诉", "举报", "建议", "表扬"]


@dataclass(frozen=True)
class KindRules:
    """Words that state the kind, in the order in which they are tried."""

    cases: tuple[tuple[Kind, Condition], ...]

    @classmethod
    def load(cls, path: Path) -> KindRules:
        """Read the stated kinds."""
        raw = read_yaml(path)
        return cls(tuple((one["kind"], condition(one["all"], one.get("none", ()))) for one in raw))

    def stated(self, text: str) -> Kind | None:
        """Return the kind a normalised text states in so many words."""
        return next((kind for kind, stated in self.cases if stated.match(text)), None)


def kinds(rules: KindRules, model: Linear, texts: Sequence[str], rows: Any) -> list[Kind]:
    """Return the kind of each normalised text; the model was trained on the six kinds only."""
    guesses = model.margins(rows).argmax(axis=1)
    return [rules.stated(text) or cast(Kind, model.classes[guess]) for text, guess in zip(texts, guesses, strict=True)]
