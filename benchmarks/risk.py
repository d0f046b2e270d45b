"""The risk–coverage curve (风险–覆盖曲线): how often the best item is wrong when only the surest share is answered.

Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 360, 56, 44, 24
MOST_RISK = 10.0

Told = tuple[float, bool]


def curve(told: Sequence[Told]) -> list[tuple[float, float]]:
    """(coverage, risk), both in percent, after each answer from the surest to the least sure."""
    points, wrong = [], 0
    for answered, (_, right) in enumerate(sorted(told, key=lambda one: -one[0]), 1):
        wrong += not right
        points.append((100 * answered / len(told), 100 * wrong / answered))
    return points


def draw(told: Sequence[Told], answered: float, file: Path) -> None:
    """Write the curve as a picture; `answered` is the share (percent) the bot answers today."""
    points = " ".join(f"{_x(coverage):.1f},{_y(risk):.1f}" for coverage, risk in curve(told))
    rows = "".join(_across(risk) for risk in range(0, int(MOST_RISK) + 1, 2))
    columns = "".join(_text(_x(share), HEIGHT - BOTTOM + 18, f"{share}%", "middle") for share in range(0, 101, 20))
    today = f'<line x1="{_x(answered):.1f}" x2="{_x(answered):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" {_DASHED}/>'
    title = _text(LEFT, 14, f"wrong item among the answered, n = {len(told)}", "start")
    axis = _text(WIDTH / 2, HEIGHT - 8, "share of questions answered, the surest first (dashed: today)", "middle")
    line = f'<polyline points="{points}" fill="none" stroke="#1d5fa8" stroke-width="2"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    file.write_text("\n".join([head, ground, title, rows, columns, today, line, axis, "</svg>\n"]), encoding="utf-8")


_DASHED = 'stroke="#b3261e" stroke-dasharray="5 4"'


def _x(coverage: float) -> float:
    return LEFT + (WIDTH - LEFT - 16) * coverage / 100


def _y(risk: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(risk, MOST_RISK) / MOST_RISK


def _across(risk: int) -> str:
    y = _y(risk)
    rule = f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
    return rule + _text(LEFT - 8, y + 4, f"{risk}%", "end")


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" fill="#333" text-anchor="{anchor}">{words}</text>'
