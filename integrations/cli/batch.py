"""Batch commands: JSON lines in, JSON lines out in the same order, bad lines answered in their place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

Line = dict[str, Any]
Work = Callable[[Line], Awaitable[Line]]


class BadLine(ValueError):
    """The line cannot be worked on; the text says why."""


class Together:
    """Answers together the lines that wait at the same moment: one batch costs far less than its lines one by one."""

    def __init__(self, answer: Callable[[Sequence[Line]], Sequence[Line]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Line, asyncio.Future[Line]]] = []

    async def work(self, line: Line) -> Line:
        """Wait for the batch this line falls into."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._flush)  # runs after every line that is ready now has joined
        answered: asyncio.Future[Line] = loop.create_future()
        self._waiting.append((line, answered))
        return await answered

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            results = self._answer([line for line, _ in waiting])
        except Exception as error:
            for _, answered in waiting:
                answered.set_exception(error)
            return
        for (_, answered), result in zip(waiting, results, strict=True):
            answered.set_result(result)


async def run(source: Path, out: Path, work: Work, fields: dict[str, type], *, at_once: int = 16) -> int:
    """Answer every line with `work`, `at_once` at a time; exit code 1 when a line was bad, else 0."""
    lines = source.read_text(encoding="utf-8-sig").splitlines()
    gate, results = asyncio.Semaphore(at_once), [Line()] * len(lines)
    with tqdm(total=len(lines), unit="行") as progress:

        async def one(place: int, text: str) -> None:
            async with gate:
                results[place] = await _answer(text, work, fields)
                progress.update()

        async with asyncio.TaskGroup() as group:
            for place, text in enumerate(lines):
                group.create_task(one(place, text))
    answered = [result for result, line in zip(results, lines, strict=True) if line.strip()]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for a in answered), encoding="utf-8")
    return 1 if any("error" in answer for answer in answered) else 0


async def _answer(text: str, work: Work, fields: dict[str, type]) -> Line:
    if not text.strip():
        return {}
    line: Any = None
    try:
        line = _checked(text, fields)
        return {"id": line["id"]} | await work(line)
    except BadLine as error:
        return {"id": _id_of(text), "error": str(error)}


def _checked(text: str, fields: dict[str, type]) -> Line:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"这一行不是 JSON：{error}") from error
    if not isinstance(line, dict):
        raise BadLine("这一行不是 JSON 对象")
    for name, kind in fields.items():
        if not isinstance(line.get(name), kind):
            raise BadLine(f"缺少字段 {name}，或类型不对")
    if not isinstance(line.get("id"), str | int):
        raise BadLine("缺少字段 id，或类型不对")
    return line


def _id_of(text: str) -> str | int | None:
    try:
        found = json.loads(text)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str | int) else None
