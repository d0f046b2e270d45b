from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

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


def test_threads_that_read_together_get_their_own_vectors() -> None:
    texts = [f"{number}号楼的暖气不热" for number in range(60)]
    alone = encode(texts)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda at: encode([texts[at], "护照"]), range(60)))
    assert all(np.allclose(vectors[0], alone[at], atol=1e-5) for at, vectors in enumerate(together))


def test_a_text_that_cannot_be_read_fails_its_own_caller_alone() -> None:
    def read(at: int) -> float:
        return float(encode([(3, b"x")[at % 2] if at % 5 == 0 else "护照"])[0] @ encode(["护照"])[0])  # type: ignore[list-item]

    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(read, at) for at in range(40)]
    for at, answer in enumerate(answers):
        if at % 5 == 0:
            assert answer.exception() is not None
        else:
            assert answer.result() == pytest.approx(1, abs=1e-5)
