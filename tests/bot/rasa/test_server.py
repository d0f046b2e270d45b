"""The real Rasa with the real model: what it answers, what it refuses, and that it dies with its parent."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sklearn.metrics import f1_score

from bot.nlu import Nlu
from integrations.provision import nlu_model, rasa_environment

ROOT = Path(__file__).resolve().parents[3]
SERVE = ROOT / "bot" / "rasa" / "serve.py"
START_SECONDS = 120

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Server:
    """A running Rasa."""

    url: str
    token: str
    log: Path


@dataclass(frozen=True)
class Made:
    """Rasa's interpreter and the trained model."""

    python: Path
    model: Path


@pytest.fixture(scope="session")
def made() -> Made:
    """Rasa's environment and model, made once in HOTLINE_HOME and kept there."""
    home = Path(os.environ.get("HOTLINE_HOME", ROOT / ".hotline"))
    python = rasa_environment(home, print)
    return Made(python, nlu_model(home, python, print))


@pytest.fixture(scope="session")
def server(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port, token = free_port(), secrets.token_urlsafe(24)
    log = tmp_path_factory.mktemp("rasa") / "log"
    command = [str(made.python), str(SERVE), "--model", str(made.model), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=os.environ | {"RASA_TOKEN": token}, stdout=out, stderr=out)
        try:
            wait_until_open(port, process)
            yield Server(f"http://127.0.0.1:{port}", token, log)
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_open(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process is None or process.poll() is None, "Rasa ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("Rasa did not start")


async def test_no_channel_answers_and_nobody_parses_without_the_token(server: Server) -> None:
    async with ClientSession() as http:
        async with http.post(
            f"{server.url}/webhooks/rest/webhook", json={"sender": "a", "message": "你好"}
        ) as response:
            assert response.status == 404
        for token in ("", "?token=", "?token=wrong"):
            async with http.post(f"{server.url}/model/parse{token}", json={"text": "你好"}) as response:
                assert response.status == 401
        async with http.put(f"{server.url}/model", json={"model_file": "/etc/passwd"}) as response:
            assert response.status == 401


async def test_empty_text_has_no_intent(server: Server) -> None:
    async with (
        ClientSession() as http,
        http.post(f"{server.url}/model/parse", params={"token": server.token}, json={"text": ""}) as response,
    ):
        answer = await response.json()
    assert (response.status, answer["intent"]["name"], answer["intent_ranking"]) == (200, None, [])


async def test_entities_are_found(server: Server, nlu_data: Path, tmp_path: Path) -> None:
    async with ClientSession() as http:
        nlu = Nlu(http, server.url, server.token, nlu_data / "nlu", tmp_path)
        parse = await nlu.parse("东胜区社保局查工单240101-000001-1,打〔电话〕", timeout=10)
    found = {(entity.name, entity.value) for entity in parse.entities}
    assert {
        ("region", "东胜区"),
        ("department", "社保局"),
        ("ticket_no", "240101-000001-1"),
        ("phone", "〔电话〕"),
    } <= found


async def test_it_understands_what_it_never_saw_also_in_batches(server: Server, nlu_data: Path, tmp_path: Path) -> None:
    lines = (nlu_data / "dev" / "unseen.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    async with ClientSession() as http:
        nlu = Nlu(http, server.url, server.token, nlu_data / "nlu", tmp_path)
        together = await asyncio.gather(*(nlu.parse(row["text"], timeout=30) for row in rows))
        alone = [await nlu.parse(row["text"], timeout=30) for row in rows[:40]]
    assert {parse.by for parse in together} == {"rasa"}
    assert [parse.intent for parse in alone] == [parse.intent for parse in together[:40]]
    truth = [row["intent"] for row in rows]
    assert f1_score(truth, [parse.intent for parse in together], average="macro") >= 0.9


async def test_no_word_of_a_citizen_is_in_the_log(server: Server, nlu_data: Path, tmp_path: Path) -> None:
    async with ClientSession() as http:
        nlu = Nlu(http, server.url, server.token, nlu_data / "nlu", tmp_path)
        assert (await nlu.parse("这句话谁也不该在日志里看到", timeout=10)).by == "rasa"
        async with http.post(f"{server.url}/model/parse", params={"token": server.token}, data=b"\xff{") as response:
            assert response.status >= 400
    log = server.log.read_text(encoding="utf-8")
    assert "日志里" not in log
    assert server.token not in log


def test_the_parts_under_rasas_own_python(made: Made) -> None:
    tests = ROOT / "bot" / "rasa" / "tests"
    command = [str(made.python), "-B", "-m", "unittest", "discover", "-s", str(tests)]
    ended = subprocess.run(command, capture_output=True, timeout=240)
    assert ended.returncode == 0, ended.stderr.decode()


def test_a_short_token_is_refused(made: Made) -> None:
    command = [str(made.python), str(SERVE), "--model", str(made.model), "--port", "1"]
    ended = subprocess.run(command, env=os.environ | {"RASA_TOKEN": "short"}, capture_output=True, timeout=60)
    assert ended.returncode == 1
    assert b"RASA_TOKEN" in ended.stderr


def test_it_dies_with_the_process_that_started_it(made: Made, tmp_path: Path) -> None:
    port = free_port()
    command = [str(made.python), str(SERVE), "--model", str(made.model), "--port", str(port)]
    starter = "import subprocess, sys, time; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(600)"
    environ = os.environ | {"RASA_TOKEN": secrets.token_urlsafe(24), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", starter, *command], env=environ, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_until_open(port)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "Rasa outlived its parent"
        time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []
