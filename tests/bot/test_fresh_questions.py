"""The development sets of an author who had seen neither the guides nor the training data, here without Rasa."""

from __future__ import annotations

from typing import Any

from benchmarks.understanding import guides, other


async def test_nine_of_ten_questions_get_their_cell_and_hardly_one_a_wrong_item(talk: Any) -> None:
    tally = await guides(talk.bot, "linking_fresh")
    figures = tally.figures()
    assert figures["right"] >= 90, tally.misses
    assert tally.also["answered with a wrong item"] <= 4, tally.misses


async def test_every_emergency_is_told_its_number(talk: Any) -> None:
    tally = await other(talk.bot, "other_fresh")
    assert tally.right["emergency"] == tally.asked["emergency"], tally.misses
