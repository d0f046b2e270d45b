from __future__ import annotations

import json
from pathlib import Path

from integrations.cli.__main__ import main


def test_a_batch_is_grouped_and_bad_lines_are_answered_in_their_place(tmp_path: Path) -> None:
    lines = [
        {"id": "a", "text": "万家惠欣园3号楼停暖", "at": "2026-11-20T08:00:00+08:00"},
        {"id": "b", "text": "公交3路在青春山站甩站不停车"},
        {"id": "c", "text": "暖气冰凉，停暖了", "place": "万家惠欣园三栋"},
        {"id": "d", "text": "停暖", "at": "昨天"},
        {"id": "e", "text": "停暖", "place": 7},
    ]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert main(["dedupe", "--batch", str(source), "--out", str(out)]) == 1
    answers = {answer["id"]: answer for answer in map(json.loads, out.read_text("utf-8").splitlines())}
    assert list(answers) == ["a", "b", "c", "d", "e"]
    assert answers["a"]["group"] == answers["c"]["group"] != answers["b"]["group"]
    assert "error" in answers["d"]
    assert "error" in answers["e"]
