"""Fitting the weights of the linker and of the elements (校准), on questions the recogniser has not been taught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bot.guides import asking
from bot.guides.asking import ELEMENTS
from bot.guides.elements import phrases
from bot.guides.evidence import FEATURES, Evidence, gather
from bot.guides.forms import Forms
from bot.guides.guide import Element
from bot.guides.lexicon import Lexicon
from bot.guides.questions import Question
from bot.guides.teaching import Lessons, teach

# Context is not in single questions; its weight is set by hand.
FIXED = {"context": 1.5}
# The questions hardly name items in full, imported guides are asked by full name: a floor, not a fit.
FLOORS = {"name_exact": 3.0, "exact_share": 3.0}
RIDGE = 0.05
FOLDS = 4
EVERY = 4
EITHER = frozenset({Element.OVERVIEW, Element.PROCESS})  # “怎么办”: both are right

Ranking = Callable[[str], Sequence[tuple[str, float]]]


@dataclass(frozen=True)
class Fitted:
    """The weights as `nlu_data/guides` keeps them, and how the best item and the first element did on unseen folds."""

    linker: dict[str, Any]
    elements: dict[str, Any]
    figures: dict[str, float]


def fit_all(lessons: Lessons, forms: Forms, lexicon: Lexicon, ranking: Ranking) -> Fitted:
    """Cross-validate the recogniser over all questions and some of the messages about no item at all.

    `ranking` is the intent model's reading of a text; it must not have been taught these questions.
    """
    messages = (*lessons.asked, *lessons.ambiguous, *lessons.foreign[::EVERY])
    seen = _unseen_evidence(lessons, messages, forms, lexicon)
    cases = [_case(one, evidence, forms) for one, evidence in zip(messages, seen, strict=True) if evidence.owners]
    weights, bias = fit(cases)
    asked = list(zip(lessons.asked, seen, strict=False))
    tables = np.array([_asked(one, evidence, lexicon, ranking(one.text)) for one, evidence in asked])
    right = np.array([_right(one) for one, _ in asked])
    own = _fit_elements(tables, right)
    vector = np.array([weights[name] for name in FEATURES])
    single = [case for case in cases[: len(asked)] if case.right.any()]
    figures = {
        "item": float(np.mean([case.right[int(np.argmax(case.matrix @ vector))] for case in single])),
        "element": float(np.mean(right[np.arange(len(right)), (tables @ own).argmax(axis=1)])),
    }
    return Fitted({"bias": bias, "features": weights}, _as_data(own), figures)


def _unseen_evidence(lessons: Lessons, messages: Sequence[Question], forms: Forms, lexicon: Lexicon) -> list[Evidence]:
    """The evidence of every message, each gathered with a recogniser that was not taught it."""
    fold = np.random.default_rng(0).permutation(len(messages)) % FOLDS
    held = {id(message): int(number) for message, number in zip(messages, fold, strict=True)}
    found: dict[int, Evidence] = {}
    for number in range(FOLDS):
        rest = replace(
            lessons,
            asked=tuple(one for one in lessons.asked if held[id(one)] != number),
            ambiguous=tuple(one for one in lessons.ambiguous if held[id(one)] != number),
            foreign=tuple(one for one in lessons.foreign if held.get(id(one)) != number),
        )
        assert forms.vectors is not None, "weights are fitted where sentences have vectors"
        recogniser = teach(rest, forms.vectors.encode)
        mine = (message for message in messages if held[id(message)] == number)
        found |= {id(one): gather(one.text, forms, lexicon, recogniser=recogniser) for one in mine}
    return [found[id(message)] for message in messages]


def _case(message: Question, evidence: Evidence, forms: Forms) -> Case:
    right = [forms.items[owner].code in message.items for owner in evidence.owners]
    return Case(evidence.matrix, np.array(right, dtype=bool))


def _asked(
    message: Question, evidence: Evidence, lexicon: Lexicon, ranking: Sequence[tuple[str, float]]
) -> NDArray[np.float64]:
    return asking.evidence(message.text, phrases(message.text, lexicon), evidence.elements, ranking)


def _right(message: Question) -> list[bool]:
    asked = set(message.elements) | (EITHER if EITHER & set(message.elements) else set())
    return [element in asked for element in ELEMENTS]


def _fit_elements(tables: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Maximum likelihood of one of the right elements, with a ridge of one half."""

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = tables @ weights
        masses = np.exp(scores - scores.max(axis=1, keepdims=True))
        masses /= masses.sum(axis=1, keepdims=True)
        good = (masses * right).sum(axis=1)
        pull = masses - masses * right / good[:, None]
        slope = np.einsum("qe,qef->f", pull, tables) + weights
        return float(-np.log(good).sum() + weights @ weights / 2), slope

    return np.asarray(minimize(loss, np.zeros(tables.shape[2]), jac=True, method="L-BFGS-B").x)


def _as_data(weights: NDArray[np.float64]) -> dict[str, Any]:
    values = [round(float(weight), 3) for weight in weights]
    first, own = len(asking.EVIDENCE), len(ELEMENTS)
    names = [element.value for element in ELEMENTS]
    return {
        "evidence": dict(zip(asking.EVIDENCE, values, strict=False)),
        "bias": dict(zip(names, values[first:], strict=False)),
        "silent": dict(zip(names, values[first + own :], strict=True)),
    }


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence of one message, one row a candidate, and which of its rows are right (none: nothing is meant)."""

    matrix: NDArray[np.float64]
    right: NDArray[np.bool_]


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
