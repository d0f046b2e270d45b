from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from routing.catalogue import Catalogue
from routing.jurisdiction import Regions
from routing.retraining import Challenge, Duel, Lesson, Verdict, promote, promoted, promoted_at
from routing.router import Router
from routing.training import Example, RouterModel, read_examples, train_router
from routing.units import Units

NLU_DATA = Path("nlu_data")
CITY = NLU_DATA / "city" / "ordos"
KEPT = [("家里暖气不热只有十五度", frozenset({"GR"})), ("公交车到站不停", frozenset({"GJ"}))]


def _silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def few(catalogue: Catalogue) -> list[Example]:
    """Ten examples a department: enough to train in a moment."""
    found: dict[str, list[Example]] = {}
    for example in read_examples(NLU_DATA):
        found.setdefault(example.department, []).append(example)
    return [replace(one, source=f"{code}/{at}") for code, some in found.items() for at, one in enumerate(some[:10])]


@pytest.fixture(scope="module")
def champion(catalogue: Catalogue, few: list[Example]) -> RouterModel:
    return train_router(few, catalogue, "few", _silent)


@pytest.fixture(scope="module")
def challenge(catalogue: Catalogue, few: list[Example]) -> Challenge:
    regions = Regions.load(CITY)
    units = Units.load(CITY, regions)

    def answer(model: RouterModel, texts: object) -> list[str]:
        router = Router(NLU_DATA, catalogue, model, regions, units)
        return [one.department for one in router.recommend_batch(list(texts))]  # type: ignore[call-overload]

    return Challenge(NLU_DATA, catalogue, answer, _silent, few)


def _local(count: int, department: str) -> list[Lesson]:
    """A matter this city gives to a department the product's examples would not."""
    openings = "早晚昨今又再总老每常都还就也才刚"
    return [
        Lesson(
            f"{openings[at % 16]}{openings[at // 16]}有人在敖包祭祀场地里卖哈达，第{at}回了",
            department,
            "投诉",
            "normal",
            recent=at % 4 == 0,
            seen=False,
        )
        for at in range(count)
    ]


def test_what_the_city_taught_is_promoted(challenge: Challenge, champion: RouterModel) -> None:
    verdict, challenger = challenge.run(champion, _local(48, "YZ"), KEPT)
    assert verdict.promoted
    assert challenger is not None
    assert verdict.folds is not None
    assert verdict.folds.challenger > verdict.folds.champion
    assert verdict.folds.tickets == 48


def test_too_few_or_seen_lessons_change_nothing(challenge: Challenge, champion: RouterModel) -> None:
    seen = [replace(lesson, seen=True) for lesson in _local(48, "YZ")]
    verdict, challenger = challenge.run(champion, seen, KEPT)
    assert (verdict.promoted, verdict.reason, challenger) == (False, "too_few", None)


def test_the_promoted_model_is_used_and_the_one_before_is_kept(tmp_path: Path, champion: RouterModel) -> None:
    verdict = Verdict(True, "better", 40, Duel(40, 0.5, 0.9))
    first = promote(tmp_path, "base", champion, verdict, "20260301T000000Z")
    second = promote(tmp_path, "base", champion, verdict, "20260401T000000Z")
    assert first.is_file()
    assert second.is_file()
    assert promoted_at(tmp_path) == "20260401T000000Z"
    assert first.name in (tmp_path / "routing.json").read_text("utf-8")
    model = promoted(tmp_path, "base")
    assert model is not None
    assert model.version == "few"


def test_a_promoted_model_of_older_examples_is_not_used(tmp_path: Path, champion: RouterModel) -> None:
    assert promoted(tmp_path, "base") is None
    promote(tmp_path, "older", champion, Verdict(True, "better", 40), "20260301T000000Z")
    assert promoted(tmp_path, "base") is None
