"""How much each kind of evidence counts, fitted on development questions and kept as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear scorer against “none of them” (score 0), and when its best item answers.

    `answer` is the least confidence, `ahead` how many times the next item's the best one's must be; a message that
    seems `vague` (a brief one: `vague_brief`) is asked back when the next item is `heard` at all; `clarify` is the
    least of those offered together; a message more `foreign` than that, which names no item, is about none.
    """

    features: Mapping[str, float]
    bias: float
    answer: float
    ahead: float
    vague: float
    vague_brief: float
    heard: float
    foreign: float
    clarify: float

    @classmethod
    def load(cls, nlu_data: Path, *, meaning: bool = True) -> Weights:
        """Read `nlu_data/guides/linker.yml`; without sentence vectors another set of weights holds."""
        data = yaml.safe_load((nlu_data / "guides" / "linker.yml").read_text(encoding="utf-8"))
        part = data["with_meaning" if meaning else "characters_only"]
        return cls(**part)

    def vector(self, names: Sequence[str]) -> NDArray[np.float64]:
        """The weights in the order of the feature names; an unknown name is an error."""
        return np.array([self.features[name] for name in names], dtype=np.float64)
