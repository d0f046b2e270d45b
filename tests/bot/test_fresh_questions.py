"""The development sets of authors who had seen neither the guides nor the training data, here without Rasa."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.understanding import STRANGERS, dialogues, guides, other


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_nine_of_ten_questions_get_their_cell_and_hardly_one_a_wrong_item(talk: Any, stranger: str) -> None:
    tally = await guides(talk.bot, f"linking_{stranger}")
    figures = tally.figures()
    assert figures["right"] >= 90, tally.misses
    assert tally.also["answered with a wrong item"] <= 0.03 * figures["n"], tally.misses


@pytest.mark.parametrize(("stranger", "least"), [("fresh", 90), ("third", 88), ("fourth", 86)])
async def test_talks_go_on(talk: Any, stranger: str, least: int) -> None:
    tally = await dialogues(talk.bot, f"dialogues_{stranger}")
    assert tally.figures()["right"] >= least, tally.misses


@pytest.mark.parametrize(("stranger", "missed"), [("fresh", 0), ("third", 3), ("fourth", 1)])
async def test_emergencies_are_told_their_number(talk: Any, stranger: str, missed: int) -> None:
    tally = await other(talk.bot, f"other_{stranger}")
    assert tally.asked["emergency"] - tally.right["emergency"] <= missed, tally.misses
    assert tally.figures()["right"] >= 93, tally.misses
