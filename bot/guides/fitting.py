"""Fitting the linker's weights (校准): maximum likelihood of the right item, or of none, over development questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bot.guides.evidence import FEATURES, gather
from bot.guides.forms import Forms
from bot.guides.lexicon import Lexicon

# Context is not in single questions; its weight is set by hand.
FIXED = {"context": 1.5}
# The development questions hardly name items in full, imported guides are asked by full name: a floor, not a fit.
FLOORS = {"name_exact": 3.0, "exact_share": 3.0}
RIDGE = 0.05


@dataclass(frozen=True, slots=True)
class Question:
    """One development question: a normalised text and the codes that are right (none: nothing of ours is meant)."""

    text: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence of one question and which of its rows are right."""

    matrix: NDArray[np.float64]
    right: NDArray[np.bool_]


def cases(questions: Sequence[Question], forms: Forms, lexicon: Lexicon) -> list[Case]:
    """Gather the evidence of every question that has any."""
    found = []
    for question in questions:
        evidence = gather(question.text, forms, lexicon)
        if evidence.owners and evidence.content:
            right = np.array([forms.items[owner].code in question.items for owner in evidence.owners], dtype=bool)
            found.append(Case(evidence.matrix, right))
    return found


def fit(found: Sequence[Case]) -> tuple[dict[str, float], float]:
    """Return the weight of every feature (never negative: evidence does not speak against itself) and the bias."""
    free = [i for i, name in enumerate(FEATURES) if name not in FIXED]
    bounds = [(FLOORS.get(FEATURES[i], 0.0), None) for i in free] + [(None, None)]
    start = np.array([3.0] * len(free) + [-3.0])
    best = minimize(lambda w: _loss(w, found, free), start, method="L-BFGS-B", jac=True, bounds=bounds)
    weights = {FEATURES[i]: round(float(w), 3) for i, w in zip(free, best.x[:-1], strict=True)}
    return weights | FIXED, round(float(best.x[-1]), 3)


def _loss(
    weights: NDArray[np.float64], found: Sequence[Case], free: Sequence[int]
) -> tuple[float, NDArray[np.float64]]:
    """Negative log-likelihood with its gradient; the last weight is the bias, “none of them” scores zero."""
    total, slope = 0.0, np.zeros_like(weights)
    for case in found:
        features = np.hstack([case.matrix[:, free], np.ones((len(case.matrix), 1))])
        scores = np.append(features @ weights, 0.0)
        mass = np.exp(scores - scores.max())
        mass /= mass.sum()
        right = np.append(case.right, not case.right.any())
        share = np.where(right, mass, 0.0) / max(float(mass[right].sum()), 1e-12)
        total -= float(np.log(max(mass[right].sum(), 1e-12)))
        slope += (mass - share)[:-1] @ features
    ridge = weights[:-1]
    total += RIDGE * float(ridge @ ridge)
    slope[:-1] += 2 * RIDGE * ridge
    return total, slope
