from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from integrations.cli import batch
from integrations.cli.route import Lane


def test_lines_that_wait_together_are_answered_together(tmp_path: Path) -> None:
    sizes: list[int] = []

    def answer(texts: Sequence[str]) -> list[batch.Line]:
        sizes.append(len(texts))
        return [{"echo": text} for text in texts]

    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [json.dumps({"id": number, "text": f"第{number}行"}, ensure_ascii=False) for number in range(100)]
    source.write_text("\n".join([*lines[:50], "坏行", *lines[50:]]), encoding="utf-8")
    code = asyncio.run(batch.run(source, out, Lane(answer).work, {"text": str}, at_once=40))
    answers = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert code == 1
    assert [one["echo"] for one in answers if "echo" in one] == [f"第{number}行" for number in range(100)]
    assert "error" in answers[50]
    assert len(sizes) < 10


def test_an_error_reaches_every_line_that_waits() -> None:
    def answer(texts: Sequence[str]) -> list[batch.Line]:
        raise RuntimeError("坏了")

    async def both() -> list[batch.Line | BaseException]:
        lane = Lane(answer)
        return await asyncio.gather(*(lane.work({"text": text}) for text in "甲乙"), return_exceptions=True)

    assert [type(one) for one in asyncio.run(both())] == [RuntimeError, RuntimeError]
