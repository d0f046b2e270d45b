"""A changed guide answers at once, in this process and in the others, and never in another city."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.guides import shelf, versions
from bot.guides.guide import Guide
from bot.knowledge import Knowledge
from integrations import publishing
from integrations.bootstrap import House
from integrations.database.engine import Database
from integrations.live import Hub
from integrations.publishing import TOPIC, following, refresh

NOW = datetime.now(UTC)


def aliased(house: House, alias: str, city: str = "ordos") -> None:
    with house.database.write() as session:
        _, guide = shelf.one(session, city, "GA003", "000000", None)
        versions.revise(session, guide.model_copy(update={"aliases": (*guide.aliases, alias)}), city, NOW)


def best(house: House, text: str) -> str | None:
    found = house.bot.knowledge.current.linker.link(text).best
    return found.code if found else None


async def until(house: House, text: str, code: str) -> None:
    async with asyncio.timeout(20):
        while best(house, text) != code:
            await asyncio.sleep(0.05)


async def test_a_new_alias_is_understood_without_a_restart(house: House) -> None:
    async with following(house):
        aliased(house, "卡片君离家出走")
        house.live.publish(TOPIC)
        await until(house, "卡片君离家出走", "GA003")


async def test_another_process_sees_it_by_itself(house: House, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(publishing, "EVERY", 0.05)
    current = house.bot.knowledge.current
    database = Database(str(house.database.engine.url), house.vault)
    bot = replace(house.bot, database=database, knowledge=Knowledge(current.library, current.linker))
    other = replace(house, database=database, bot=bot, live=Hub())
    async with following(other):
        aliased(house, "卡片君离家出走")
        await until(other, "卡片君离家出走", "GA003")
    database.close()


async def test_nothing_is_built_when_nothing_changed(house: House) -> None:
    before = house.bot.knowledge.current
    pulse = await refresh(house, None)
    assert await refresh(house, pulse) == pulse
    assert house.bot.knowledge.current is before


async def test_another_citys_guide_changes_nothing_here(house: House) -> None:
    seen = await refresh(house, None)
    before = house.bot.knowledge.current
    with house.database.write() as session:
        _, guide = shelf.one(session, "ordos", "GA003", "000000", None)
        foreign = Guide.model_validate(guide.model_dump() | {"code": "QQ001", "name": "外市事项", "region": "440100"})
        versions.create(session, foreign, "guangdong", NOW)
    assert await refresh(house, seen) == seen
    assert house.bot.knowledge.current is before and before.library.item("QQ001") is None
