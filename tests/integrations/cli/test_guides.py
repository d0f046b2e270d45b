"""`./hotline guides` as a person types it: exit codes, plain words, files out and in."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from integrations.cli.__main__ import main
from integrations.settings import ROOT


def test_the_products_guides_pass(capsys) -> None:
    assert main(["guides", "check"]) == 0
    assert "错误 0 处，可疑 0 处" in capsys.readouterr().out


def test_a_damaged_guide_fails_with_words_and_as_json(tmp_path: Path, capsys) -> None:
    data = yaml.safe_load((ROOT / "nlu_data/guides/GA/GA001.yml").read_text(encoding="utf-8"))
    data["cells"]["conditions"]["text"] = "全市80.的旗县都能办。"
    file = tmp_path / "GA001.yml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    assert main(["guides", "check", str(file)]) == 1
    assert "数字残缺" in capsys.readouterr().out
    assert main(["guides", "check", str(file), "--json"]) == 1
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["code"], row["item"], row["element"], row["level"]) == ("broken_number", "GA001", "conditions", "error")
    assert main(["guides", "check", str(tmp_path / "nothing.xlsx")]) == 2


def test_out_and_in_and_checked_in_the_database(tmp_path: Path, capsys) -> None:
    data, file = ["--data", str(tmp_path / "data")], tmp_path / "guides.xlsx"
    assert main(["guides", "export", str(file), "--owner", "CG", *data]) == 0
    assert main(["guides", "import", str(file), *data]) == 0
    assert "未变 3" in capsys.readouterr().out
    folder = tmp_path / "csv"
    assert main(["guides", "export", str(folder), *data]) == 0
    assert main(["guides", "check", str(folder)]) == 0
    assert main(["guides", "check", "--database", *data]) == 0


def test_another_citys_guides_stay_out(tmp_path: Path, capsys) -> None:
    guide = yaml.safe_load((ROOT / "nlu_data/guides/GA/GA001.yml").read_text(encoding="utf-8"))
    file = tmp_path / "GA001.yml"
    file.write_text(yaml.safe_dump(guide | {"region": "440100"}, allow_unicode=True), encoding="utf-8")
    assert main(["guides", "import", str(file), "--data", str(tmp_path / "data")]) == 1
    assert "不是本市的地区" in capsys.readouterr().out
