"""Owns the processes of an installation: Rasa, the web process and, with a broker, the worker.

A program that dies is started again with a growing pause; when the supervisor dies its programs die with it
(each asks the kernel for that), so nothing is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from integrations.provision import Made
from integrations.settings import ROOT, Settings

Say = Callable[[str], None]
_FIRST_PAUSE, _LONGEST_PAUSE, _CALM_SECONDS = 0.5, 30.0, 60.0
_READY_SECONDS = 300.0
_STOP_SECONDS = 15.0


@dataclass
class Program:
    """One supervised process; `ready` is a URL that answers 200 once it serves."""

    name: str
    argv: Sequence[str]
    environ: dict[str, str]
    ready: str | None = None
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def keep_running(self, say: Say) -> None:
        """Start it, and start it again whenever it dies; ends only by cancellation."""
        pause = _FIRST_PAUSE
        while True:
            started = time.monotonic()
            self.process = await asyncio.create_subprocess_exec(*self.argv, env=os.environ | self.environ, cwd=ROOT)
            try:
                code = await self.process.wait()
            except asyncio.CancelledError:
                await self._stop()
                raise
            pause = _FIRST_PAUSE if time.monotonic() - started > _CALM_SECONDS else min(pause * 2, _LONGEST_PAUSE)
            say(f"{self.name} 已退出（{code}），{pause:.0f} 秒后重新启动")
            await asyncio.sleep(pause)

    async def wait_ready(self) -> None:
        """Until it serves; raises OSError when it does not within five minutes."""
        if not self.ready:
            return
        try:
            async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as http:
                while not await _answers(http, self.ready):
                    if self.task and self.task.done():
                        self.task.result()  # a program that could not even be started says so here
                    await asyncio.sleep(0.1)
        except TimeoutError as error:
            raise OSError(f"{self.name} 在 {_READY_SECONDS:.0f} 秒内没有就绪，请看上面的日志") from error

    async def _stop(self) -> None:
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def running(programs: Sequence[Program], say: Say) -> AsyncIterator[None]:
    """Keep the programs running while the block runs; they may still be starting when it is entered."""
    for program in programs:
        program.task = asyncio.create_task(program.keep_running(say))
    tasks = [program.task for program in programs if program.task]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def rasa_program(made: Made) -> Program:
    """Rasa as an NLU server on a free loopback port, with a fresh token and no channel."""
    port, token = free_port(), secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{port}"
    serve = ROOT / "bot" / "rasa" / "serve.py"
    return Program(
        "rasa",
        [str(made.rasa_python), str(serve), "--port", str(port), "--model", str(made.nlu_model)],
        {"RASA_URL": url, "RASA_TOKEN": token},
        url,
    )


def web_program(settings: Settings, rasa: Program, made: Made) -> Program:
    """The web process; it finds Rasa by the address and token it is given."""
    environ = _environ(settings, rasa) | {"HOTLINE_PORT": str(settings.port), "HOTLINE_ASSETS": str(made.assets)}
    argv = [sys.executable, "-m", "integrations.cli", "serve"]
    return Program("web", argv, environ, f"http://{settings.host}:{settings.port}/healthz")


def worker_program(settings: Settings, rasa: Program) -> Program:
    """The Celery worker, where a broker is configured."""
    argv = [sys.executable, "-m", "integrations.cli", "work"]
    return Program("worker", argv, _environ(settings, rasa))


def _environ(settings: Settings, rasa: Program) -> dict[str, str]:
    return {**rasa.environ, "HOTLINE_DATA": str(settings.data.absolute()), "HOTLINE_CITY": str(settings.city)}


@dataclass(frozen=True)
class Running:
    """What `up` writes beside the data so that other commands can reuse its Rasa."""

    url: str
    rasa_url: str
    rasa_token: str

    def save(self, data: Path) -> None:
        """Write it, readable by the owner alone."""
        path = data / "running.json"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(vars(self), file)

    @classmethod
    def find(cls, data: Path) -> Running | None:
        """What is written there; None when nothing is, which says nothing about whether it still runs."""
        try:
            return cls(**json.loads((data / "running.json").read_text(encoding="ascii")))
        except (OSError, ValueError, TypeError):
            return None


async def rasa_answers(url: str, token: str) -> bool:
    """Whether a Rasa serves there and takes the token."""
    async with aiohttp.ClientSession() as http:
        return await _answers(http, f"{url}/status?token={token}")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(total=2)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
