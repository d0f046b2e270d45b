"""Batch commands answer every line in its place, the bad ones too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from integrations.cli import batch


async def _shout(line: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(0.02 if line["text"].startswith("slow") else 0)
    if line["text"] == "bad":
        raise batch.BadLine("不行")
    return {"loud": line["text"].upper()}


async def _run(tmp_path: Path, *lines: str) -> tuple[int, list[dict[str, Any]]]:
    source, out = tmp_path / "in.jsonl", tmp_path / "new" / "out.jsonl"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code = await batch.run(source, out, _shout, {"text": str})
    return code, [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


async def test_answers_keep_the_order_of_the_questions(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, "text": "slow" if n % 3 == 0 else "x"}) for n in range(50)]
    code, answers = await _run(tmp_path, *lines)
    assert code == 0
    assert [answer["id"] for answer in answers] == list(range(50))


@pytest.mark.parametrize(
    ("line", "id_"),
    [
        ("not json", None),
        ("[1]", None),
        ('{"id": "a"}', "a"),
        ('{"id": "b", "text": 5}', "b"),
        ('{"text": "no id"}', None),
        ('{"id": {}, "text": "x"}', None),
        ('{"id": "c", "text": "bad"}', "c"),
        ("[" * 100_000, None),
    ],
)
async def test_a_bad_line_is_an_error_in_its_place_and_the_rest_go_on(tmp_path: Path, line: str, id_: Any) -> None:
    code, answers = await _run(tmp_path, '{"id": 1, "text": "a"}', line, '{"id": 2, "text": "b"}')
    assert code == 1
    assert answers[0] == {"id": 1, "loud": "A"}
    assert answers[1]["id"] == id_
    assert answers[1]["error"]
    assert answers[2] == {"id": 2, "loud": "B"}


def test_lines_that_wait_together_are_answered_together(tmp_path: Path) -> None:
    sizes: list[int] = []

    def answer(lines: Sequence[batch.Line]) -> list[batch.Line]:
        sizes.append(len(lines))
        return [{"echo": line["text"]} for line in lines]

    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"id": number, "text": f"第{number}行"}, ensure_ascii=False) for number in range(100)]
    source.write_text("\n".join([*lines[:50], "坏行", *lines[50:]]), encoding="utf-8")
    code = asyncio.run(batch.run(source, out, batch.Together(answer).work, {"text": str}, at_once=40))
    answers = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert code == 1
    assert [one["echo"] for one in answers if "echo" in one] == [f"第{number}行" for number in range(100)]
    assert "error" in answers[50]
    assert len(sizes) < 10


def test_an_error_reaches_every_line_that_waits() -> None:
    def answer(lines: Sequence[batch.Line]) -> list[batch.Line]:
        raise RuntimeError("坏了")

    async def both() -> list[batch.Line | BaseException]:
        together = batch.Together(answer)
        return await asyncio.gather(*(together.work({"text": text}) for text in "甲乙"), return_exceptions=True)

    assert [type(one) for one in asyncio.run(both())] == [RuntimeError, RuntimeError]
