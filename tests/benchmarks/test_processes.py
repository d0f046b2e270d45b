from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.processes import BenchError, cpu, started
from integrations.supervisor import free_port

SERVER = """
import http.server, subprocess, sys, time
busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
class Answer(http.server.BaseHTTPRequestHandler):
    born = time.time()
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(b"ok" if time.time() > self.born + 0.5 else b"soon")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


def test_a_server_is_ready_counted_and_ended_with_its_children(tmp_path: Path) -> None:
    port = free_port()
    began = time.monotonic()
    argv = [sys.executable, "-c", SERVER, str(port)]
    ready = f"http://127.0.0.1:{port}/"
    with started(argv, ready=ready, says="ok", log=tmp_path / "logs" / "log", cwd=tmp_path) as server:
        assert time.monotonic() - began > 0.5
        children = server.children()
        before = cpu({"it": server})
        time.sleep(0.3)
        assert (cpu({"it": server}) - before).total() > 0.02
    assert len(children) == 1
    assert not psutil.pid_exists(server.pid)
    assert not children[0].is_running()


def test_a_server_that_ends_early_says_why(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "raise SystemExit('no such model')"]
    with (
        pytest.raises(BenchError, match="no such model"),
        started(argv, ready="http://127.0.0.1:9/", log=tmp_path / "log", cwd=tmp_path),
    ):
        raise AssertionError("it never served")
