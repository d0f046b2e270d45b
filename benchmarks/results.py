"""Where the figures are kept: `benchmarks/results.json`, one section a benchmark."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).resolve().parent / "results.json"


def machine() -> dict[str, Any]:
    """The machine the figures hold for, without anything that names it."""
    libraries = {name: version(name) for name in ("aiohttp", "sqlalchemy")}
    memory = round(psutil.virtual_memory().total / 2**30)
    return {"cores": psutil.cpu_count(), "memory_gib": memory, "python": platform.python_version(), **libraries}


def save(section: str, figures: dict[str, Any], path: Path = RESULTS) -> None:
    """Put one section into the file and leave the others as they are."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    stamped = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), **figures}
    merged = dict(sorted((kept | {section: stamped}).items()))
    path.write_text(json.dumps(merged, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
