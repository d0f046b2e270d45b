"""What the citizen wants (诉求类型): 咨询 求助 投诉 举报 建议 表扬, by the classifier, and by plain words of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from routing.catalogue import Condition, condition, read_yaml
from routing.classifier import Floats

Kind = Literal["咨询", "求助", "投诉", "举报", "建议", "表扬"]
_PUSH = 0.6  # words that state a kind in short messages are turned round in long ones


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


def kinds(rules: KindRules, classes: Sequence[str], texts: Sequence[str], margins: Floats) -> list[Kind]:
    """Return the kind of each normalised text: what the model's margins say, with a push from what is stated."""
    pushed = margins.copy()
    for row, text in enumerate(texts):
        stated = rules.stated(text)
        if stated:
            pushed[row, classes.index(stated)] += _PUSH
    return [cast(Kind, classes[column]) for column in pushed.argmax(axis=1)]
