"""Starting and stopping what is measured, and the CPU time it used."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil


class BenchError(Exception):
    """The benchmark cannot go on; the text says why."""


@contextlib.contextmanager
def started(
    argv: Sequence[str],
    *,
    ready: str,
    says: str = "",
    log: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    seconds: float = 180,
) -> Iterator[psutil.Process]:
    """Run a server until the block ends; when it begins, `ready` has answered 200 with the words of `says`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(argv, cwd=cwd, env={**os.environ, **(env or {})}, stdout=out, stderr=out)
    try:
        _wait(process, ready, says, log, seconds)
        yield psutil.Process(process.pid)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """End it and whatever it started: first by asking, then by force."""
    family = _family(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()
    psutil.wait_procs(family, timeout=5)


def cpu(roots: Mapping[str, psutil.Process]) -> Counter[str]:
    """Seconds of CPU so far of every process below the roots, by the root's name and what the process is."""
    used: Counter[str] = Counter()
    for name, root in roots.items():
        for member in _family(root.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = member.cpu_times()
                used[f"{name}: {_role(member)}"] += times.user + times.system
    return used


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def _role(process: psutil.Process) -> str:
    names = [Path(word).name for word in process.cmdline()[1:5]]
    words = [name for name in names if name[:1].isalpha()]
    return " ".join(words[:2]) or process.name()


def _wait(process: subprocess.Popen[bytes], url: str, says: str, log: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise BenchError(f"ended with {process.returncode} before it served:\n{_tail(log)}")
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200 and says.encode() in answer.read():
                return
        time.sleep(0.2)
    raise BenchError(f"did not serve within {seconds:.0f} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
