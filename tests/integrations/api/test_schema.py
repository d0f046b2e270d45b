"""The API is what its description says: schemathesis calls every operation with fitting and unfitting values."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from integrations.api import access
from integrations.bootstrap import House
from integrations.limits import Buckets
from integrations.web import make_app

_SECONDS = 270
# That a span ends after it starts, and that bytes are a file of a known kind, is no part of a schema: what fits one may
# be refused.
_CONFIG = """
[[operations]]
include-name = "GET /metrics"
checks.positive_data_acceptance.expected-statuses = ["2xx", "422"]

[[operations]]
include-name = "POST /tickets/{number}/attachments"
checks.positive_data_acceptance.expected-statuses = ["2xx", "403", "404", "409", "422", "503"]
"""


@pytest.fixture
def schemathesis() -> str:
    """The program: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("schemathesis")
    found = str(beside) if beside.exists() else shutil.which("schemathesis")
    if not found:
        pytest.skip("schemathesis is not installed")
    return found


async def test_schemathesis_finds_nothing(
    schemathesis: str, house: House, assets: Path, token: Callable[..., str], tmp_path: Path
) -> None:
    app = make_app(house, assets)
    app[access.PACE] = app[access.STRANGERS] = Buckets(burst=1e9, per_second=1e9)
    async with TestServer(app) as server:
        told = await _run(schemathesis, server, token("operator"), tmp_path)
        assert told is None, told
        told = await _run(schemathesis, server, token("supervisor"), tmp_path, "--include-path-regex", "^/reports")
    assert told is None, told


async def _run(schemathesis: str, server: TestServer, token: str, folder: Path, *more: str) -> str | None:
    """What it says when it found something."""
    command = [
        schemathesis, "run", str(server.make_url("/api/v1/openapi.json")),
        "--header", f"Authorization: Bearer {token}",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "6", "--seed", "1", "--generation-deterministic",
        "--request-timeout", "20", "--no-color", *more,
    ]  # fmt: skip
    (folder / "schemathesis.toml").write_text(_CONFIG)
    environ = {"PATH": os.defpath, "HOME": str(folder)}
    running = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(_SECONDS):
        told, _ = await running.communicate()
    return told.decode()[-20_000:] if running.returncode else None
