from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from routing.evaluate import coverage, evaluate_csv, figures, train_csv

MATTERS = {
    "供热": ["暖气不热", "供暖温度低", "取暖费太贵", "暖气片冰凉", "换热站停了", "室温只有十度"],
    "交通": ["出租车拒载", "公交车不来", "路口堵车", "网约车绕路", "客运班车甩客", "驾校不退费"],
}


def table(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["title", "text", "label", "cluster"])
        for label, texts in MATTERS.items():
            for number, text in enumerate(texts):
                for told in ("请处理", "没人管"):
                    writer.writerow([text, text + told, label, f"{label}{number}"])
    return path


def test_a_city_trains_on_its_own_history_and_measures_it(tmp_path: Path) -> None:
    path, out = table(tmp_path / "history.csv"), tmp_path / "model"
    held_out = train_csv(path, text=("title", "text"), label="label", group="cluster", out=out, meaning=False)
    assert held_out["n"] == 24
    seen = evaluate_csv(path, out)
    assert seen["accuracy"] == 1.0
    assert set(seen["per_label"]) == set(MATTERS)
    assert json.loads(json.dumps(seen)) == seen


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = table(tmp_path / "history.csv")
    with pytest.raises(ValueError, match="body"):
        train_csv(path, text=("body",), label="label", out=tmp_path)


def test_one_label_teaches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("text,label\n甲,乙\n丙,乙\n", encoding="utf-8")
    with pytest.raises(ValueError, match="fewer than two"):
        train_csv(path, text=("text",), label="label", out=tmp_path)


def test_coverage_counts_the_surest_first() -> None:
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert coverage(confidence, right, 0.99) == 0.5
    assert coverage(confidence, right, 0.75) == 1.0
    assert coverage(confidence, ~right, 0.99) == 0.0


def test_figures_of_a_perfect_answer() -> None:
    result = figures(np.array([[0.9, 0.1], [0.2, 0.8]]), ("a", "b"), ["a", "b"])
    assert result["macro_f1"] == result["accuracy"] == 1.0
