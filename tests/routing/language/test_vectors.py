from __future__ import annotations

import numpy as np

from routing.language.vectors import DIMENSIONS, encode


def test_vectors_are_unit_length_and_near_in_meaning() -> None:
    vectors = encode(["暖气不热", "家里供暖温度太低", "护照怎么办理", ""])
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors[:3], axis=1), 1, atol=1e-5)
    assert not vectors[3].any()
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_nothing_in_nothing_out() -> None:
    assert encode([]).shape == (0, DIMENSIONS)
