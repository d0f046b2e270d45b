"""A supervised program that dies comes back; when the supervisor stops, nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integrations.supervisor import Program, Running, free_port, running

_SERVER = "import sys, http.server as h; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"


def _program(port: int) -> Program:
    argv = [sys.executable, "-c", f"import os; os.dup2(os.open(os.devnull, 1), 2); {_SERVER}", str(port)]
    return Program("server", argv, {}, f"http://127.0.0.1:{port}/")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_killed_program_is_started_again_and_serves() -> None:
    said: list[str] = []
    program = _program(free_port())
    async with running([program], said.append):
        await program.wait_ready()
        assert program.process
        first = program.process.pid
        program.process.kill()
        async with asyncio.timeout(20):
            while program.process.pid == first:
                await asyncio.sleep(0.05)
        await program.wait_ready()
        assert program.process.pid != first
        assert any("重新启动" in line for line in said)


async def test_nothing_is_left_when_the_supervisor_stops() -> None:
    program = _program(free_port())
    async with running([program], lambda _: None):
        await program.wait_ready()
        assert program.process
        pid = program.process.pid
    assert not _alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_process_ends_with_its_parent(tmp_path: Path) -> None:
    child = "from integrations.lifeline import die_with_parent as d; d(); import time; time.sleep(60)"
    pid_file = tmp_path / "pid"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import subprocess, sys, pathlib, time; c = subprocess.Popen([sys.executable, '-c', {child!r}]);"
            f"time.sleep(1); pathlib.Path({str(pid_file)!r}).write_text(str(c.pid)); time.sleep(60)",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 20
    while not pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    pid = int(pid_file.read_text())
    assert _alive(pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    while _running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _running(pid)


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_up_wrote_is_found_again_and_is_private(tmp_path: Path) -> None:
    here = Running("http://127.0.0.1:1", "http://127.0.0.1:2", "token")
    here.save(tmp_path)
    assert Running.find(tmp_path) == here
    assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0
    (tmp_path / "running.json").write_text("{")
    assert Running.find(tmp_path) is None


async def test_a_program_that_cannot_be_started_says_so() -> None:
    program = Program("ghost", ["/nowhere/to/be/found"], {}, f"http://127.0.0.1:{free_port()}/")
    async with running([program], lambda _: None):
        with pytest.raises(FileNotFoundError):
            await program.wait_ready()
