from __future__ import annotations

import csv
from pathlib import Path

import pytest

from routing.evaluate import train_csv
from routing.history import History
from routing.router import Router

MATTERS = {
    "供热": ["暖气不热", "供暖温度低", "取暖费太贵", "暖气片冰凉", "换热站停了", "室温只有十度"],
    "交通": ["出租车拒载", "公交车不来", "路口堵车", "网约车绕路", "客运班车甩客", "驾校不退费"],
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("history")
    path = folder / "history.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["text", "label"])
        writer.writerows([text + told, label] for label, texts in MATTERS.items() for text in texts for told in "啊呢")
    train_csv(path, text=("text",), label="label", out=folder, meaning=False)
    return History.load(folder)


def test_labels_come_from_history_and_the_rest_from_the_router(history: History, router: Router) -> None:
    texts = ["东胜区家里暖气不热，老人孩子冻感冒了", "出租车拒载"]
    first, second = history.answer(texts, router.recommend_batch(texts))
    assert (first["department"], second["department"]) == ("供热", "交通")
    assert first["urgency"] == "urgent"
    assert first["region"]["name"] == "东胜区"
    assert first["candidates"][0]["department"] == "供热"
    assert "暖气" in "".join(first["candidates"][0]["why"])
    assert first["confidence"] == first["candidates"][0]["confidence"]


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        History.load(tmp_path)
