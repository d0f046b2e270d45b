"""The few directions in which sentence vectors differ most: a linear model learns there faster and errs no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from routing.classifier import Linear

_SAMPLE = 3000


@dataclass(frozen=True)
class Projection:
    """The mean of some vectors and their main directions, a row each, scaled by how much they shall count."""

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32], directions: int, weight: float) -> Projection:
        """Find the main directions of vectors."""
        mean = vectors.mean(axis=0)
        sample = vectors[:: max(1, len(vectors) // _SAMPLE)] - mean
        axes = np.linalg.svd(sample, full_matrices=False)[2][:directions]
        return cls(mean, np.asarray(axes * weight, dtype=np.float32))

    def beside(self, rows: csr_matrix, vectors: NDArray[np.float32]) -> csr_matrix:
        """Put the projected vectors beside rows."""
        placed = csr_matrix((vectors - self.mean) @ self.axes.T)
        return csr_matrix(hstack([rows, placed], format="csr", dtype=np.float32))

    def unfold(self, model: Linear) -> Linear:
        """Rewrite a model of projected vectors so that it reads the vectors themselves, to the same margins."""
        first = model.weights.shape[1] - len(self.axes)
        placed: Any = model.weights[:, first:] @ self.axes
        weights = np.hstack([model.weights[:, :first], placed]).astype(np.float32)
        return replace(model, weights=weights, offsets=(model.offsets - placed @ self.mean).astype(np.float32))
