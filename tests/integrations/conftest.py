"""A running house for the tests of pages and channels: everything real but the language model's process."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bot.guides import versions
from bot.knowledge import Knowledge
from integrations import provision
from integrations.bootstrap import House, open_house
from integrations.database.engine import Database, connect
from integrations.database.migrate import upgrade
from integrations.live import Hub
from integrations.settings import Settings
from integrations.web import make_app
from ticketing import accounts, units
from ticketing.city import City
from ticketing.models import Role

PASSWORD = "correct-horse"
PEOPLE = {
    "operator": (Role.OPERATOR, None),
    "operator2": (Role.OPERATOR, None),
    "dispatcher": (Role.DISPATCHER, None),
    "reviewer": (Role.REVIEWER, None),
    "callback": (Role.CALLBACK, None),
    "dept-cg": (Role.DEPARTMENT, "CG"),
    "dept-ga": (Role.DEPARTMENT, "GA"),
    "supervisor": (Role.SUPERVISOR, None),
    "admin": (Role.ADMIN, None),
}


@pytest.fixture(scope="session")
def assets() -> Path:
    """The built front end; built now where the run was not started by `./hotline test`."""
    given = os.environ.get("HOTLINE_ASSETS")
    return Path(given) if given else provision.front_end(Settings().home, lambda _line: None)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> House:
    """A house with guides, units and people, whose own database is closed again; `house` gives each test a copy."""
    settings = Settings(data=tmp_path_factory.mktemp("data"), assets=assets, port=1)
    database = connect(settings.database, settings.keys)
    upgrade(database.engine)
    city, now = City.load(settings.city), datetime.now(UTC)
    with database.write() as session:
        versions.seed(session, settings.nlu_data, city.code, now)
        units.seed(session, city, settings.city)
        for username, (role, department) in PEOPLE.items():
            accounts.create_staff(
                session, username=username, display_name=username, password=PASSWORD, role=role,
                department=department, now=now,
            )  # fmt: skip
    database.close()
    return asyncio.run(_built(settings))


async def _built(settings: Settings) -> House:
    async with open_house(settings, lambda: None) as house:
        return house


@pytest.fixture
def house(prepared: House, tmp_path: Path) -> Iterator[House]:
    """The prepared house on a database of this test's own."""
    copy = tmp_path / "hotline.db"
    shutil.copy(prepared.settings.data / "hotline.db", copy)
    database = Database(f"sqlite:///{copy}", prepared.vault)
    current = prepared.bot.knowledge.current
    knowledge = Knowledge(current.library, current.linker)
    yield replace(
        prepared, database=database, bot=replace(prepared.bot, database=database, knowledge=knowledge), live=Hub()
    )
    database.close()


@dataclass
class Staff:
    """A signed-in browser."""

    client: TestClient
    csrf: str

    async def post(self, path: str, status: int = 200, **fields: object) -> str:
        """Submit a form of this person's page; follows the redirect and returns the page."""
        data = {"csrf": self.csrf, "key": os.urandom(6).hex()} | {name: str(value) for name, value in fields.items()}
        async with self.client.post(path, data=data) as response:
            text = await response.text()
            assert response.status == status, text
            return text

    async def get(self, path: str, status: int = 200) -> str:
        """Open a page."""
        async with self.client.get(path) as response:
            text = await response.text()
            assert response.status == status, text
            return text


@pytest.fixture
async def server(house: House, assets: Path) -> AsyncIterator[TestServer]:
    """The house's web application on a port."""
    async with TestServer(make_app(house, assets)) as running:
        yield running


@pytest.fixture
async def browser(server: TestServer) -> AsyncIterator[Callable[[], TestClient]]:
    """Makes clients, each with cookies of its own."""
    clients: list[TestClient] = []

    def make() -> TestClient:
        clients.append(TestClient(server))
        return clients[-1]

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
def staff(browser: Callable[[], TestClient], house: House) -> Callable[[str], Awaitable[Staff]]:
    """Signs somebody in."""

    async def sign_in(username: str) -> Staff:
        client = browser()
        await client.get("/console/login")
        csrf = client.session.cookie_jar.filter_cookies(client.make_url("/console"))["login_csrf"].value
        data = {"csrf": csrf, "username": username, "password": PASSWORD}
        async with client.post("/console/login", data=data) as response:
            assert response.status == 200
            page = await response.text()
        return Staff(client, page.split('name="csrf" value="', 1)[1].split('"', 1)[0])

    return sign_in
