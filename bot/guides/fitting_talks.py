"""Fitting how a talk goes on (承接上文的校准), on conversations the recogniser has not been taught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bot.cues import Cues
from bot.guides.continuing import FEATURES, Said, Weighed, weigh
from bot.guides.linker import Linker
from bot.guides.questions import Followup
from bot.guides.recogniser import Recogniser
from bot.guides.teaching import Lessons

FOLDS = 2
RIDGE = 1.0
Case = tuple[NDArray[np.float64], int]


def fit_talks(
    lessons: Lessons, cues: Cues, teach: Callable[[Lessons], Recogniser], link_with: Callable[[Recogniser], Linker]
) -> tuple[dict[str, Any], float]:
    """The weights as `nlu_data/guides/continuing.yml` keeps them, and the share of right items on unseen talks."""
    folds = []
    for fold in range(FOLDS):
        rest = replace(lessons, followups=tuple(one for one in lessons.followups if one.talk % FOLDS != fold))
        linker = link_with(teach(rest))
        unseen = [one for one in lessons.followups if one.talk % FOLDS == fold and one.before]
        folds.append([case for one in unseen if (case := _case(one, linker, cues))])
    right = 0
    for number, unseen_cases in enumerate(folds):
        weights = _fit([case for other, cases in enumerate(folds) if other != number for case in cases])
        right += sum(int(np.argmax(table @ weights)) == wanted for table, wanted in unseen_cases)
    weights = _fit([case for cases in folds for case in cases])
    named = {name: round(float(weight), 3) for name, weight in zip(FEATURES, weights, strict=True)}
    return {"features": named}, right / sum(map(len, folds))


def _case(turn: Followup, linker: Linker, cues: Cues) -> Case | None:
    """The weighed items and the place of the right one; None where it was not even found."""
    found: Weighed = weigh(linker, Said.of(turn.text, cues), turn.before[0], turn.before[1:])
    return (found.table, found.codes.index(turn.item)) if turn.item in found.codes else None


def _fit(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Maximum likelihood of the right item, with a ridge."""

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, slope = RIDGE * float(weights @ weights), 2 * RIDGE * weights
        for table, wanted in cases:
            scores = table @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            total -= float(np.log(max(shares[wanted], 1e-12)))
            slope = slope + shares @ table - table[wanted]
        return total, slope

    return np.asarray(minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x)
