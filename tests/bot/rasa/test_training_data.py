"""The training data as data: complete, normalised, and nothing said under two intents."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml
from sklearn.metrics import f1_score

from bot.stand_in import StandIn, examples, train
from routing.language.normalise import normalised

ROOT = Path(__file__).resolve().parents[3]
FEWEST = {"ask": 60, "appeal": 80, "ticket": 40, "emergency": 80, "not_accepted": 60, "out_of_scope": 150}


@pytest.fixture(scope="module")
def spoken(nlu_data: Path) -> list[tuple[str, str]]:
    return list(examples(nlu_data / "nlu"))


def heldout(nlu_data: Path, name: str) -> list[tuple[str, str]]:
    lines = (nlu_data / "dev" / name).read_text(encoding="utf-8").splitlines()
    return [(row["text"], row["intent"]) for row in map(json.loads, lines)]


def test_every_intent_of_the_domain_has_enough_examples_and_no_other_intent_has_any(
    spoken: list[tuple[str, str]],
) -> None:
    domain = yaml.safe_load((ROOT / "bot" / "rasa" / "domain.yml").read_text(encoding="utf-8"))
    counts = Counter(intent for _, intent in spoken)
    assert set(counts) == set(domain["intents"])
    for intent, count in counts.items():
        wanted = FEWEST.get(intent, FEWEST.get(intent.split("_")[0], 40))
        assert count >= wanted, f"{intent} has {count} examples, {wanted} are wanted"


def test_every_element_of_the_catalogue_has_its_intent(nlu_data: Path, spoken: list[tuple[str, str]]) -> None:
    lines = (nlu_data / "catalogue" / "elements.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {f"ask_{line.split(',')[0]}" for line in lines} <= {intent for _, intent in spoken}


def test_nothing_is_said_twice(spoken: list[tuple[str, str]]) -> None:
    intents = defaultdict(list)
    for text, intent in spoken:
        intents[text].append(intent)
    assert {text: found for text, found in intents.items() if len(found) > 1} == {}


def test_examples_are_stored_normalised(spoken: list[tuple[str, str]]) -> None:
    assert [text for text, _ in spoken if normalised(text) != text] == []


def test_no_held_out_message_is_trained_on(nlu_data: Path, spoken: list[tuple[str, str]]) -> None:
    trained = {text for text, _ in spoken}
    for name in ("intents.jsonl", "unseen.jsonl"):
        rows = heldout(nlu_data, name)
        assert {text for text, _ in rows} & trained == set()
        assert {intent for _, intent in rows} == {intent for _, intent in spoken}
        assert [text for text, _ in rows if normalised(text) != text] == []


def test_the_stand_in_understands_most_of_what_it_never_saw(nlu_data: Path, tmp_path: Path) -> None:
    stand_in = StandIn(nlu_data / "nlu", tmp_path)
    rows = heldout(nlu_data, "unseen.jsonl")
    guessed = [stand_in.ranking(text)[0][0] for text, _ in rows]
    assert f1_score([intent for _, intent in rows], guessed, average="macro") > 0.8


def test_training_the_stand_in_again_gives_the_same(nlu_data: Path) -> None:
    first, second = train(nlu_data / "nlu"), train(nlu_data / "nlu")
    assert (first[-1].coef_ == second[-1].coef_).all()
