from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import yaml
from aiohttp import ClientSession

from bot import dialogue
from bot.bot import Bot
from bot.cues import Cues
from bot.guides import teaching
from bot.guides.guide import Guide
from bot.guides.library import Library, known_items
from bot.guides.linker import Linker
from bot.guides.recogniser import Recogniser
from bot.knowledge import Knowledge
from bot.nlu import Nlu
from bot.openings import Openings
from bot.replies import Replies
from bot.reply import Reply
from bot.triage import Triage
from integrations.database.engine import Database
from routing.language import vectors
from routing.router import Router
from ticketing.city import City
from ticketing.conversations import Inbound
from ticketing.models import Base
from ticketing.privacy import Vault

ROOT = Path(__file__).resolve().parents[2]
NLU_DATA = ROOT / "nlu_data"


@pytest.fixture(scope="session")
def triage() -> Triage:
    return Triage.load(NLU_DATA)


@pytest.fixture(scope="session")
def cues() -> Cues:
    return Cues.load(NLU_DATA)


@pytest.fixture(scope="session")
def replies() -> Replies:
    return Replies.load(NLU_DATA / "replies")


NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # a Tuesday, 10:00 in the city
CACHE = ROOT / ".hotline"


@pytest.fixture(scope="session")
def city() -> City:
    return City.load(NLU_DATA / "city" / "ordos")


@pytest.fixture(scope="session")
def router() -> Router:
    return Router.load(NLU_DATA, CACHE / "models")


@pytest.fixture(scope="session")
def openings() -> Openings:
    """What hears how a message begins, from the product's own cache."""
    return Openings.load(NLU_DATA, CACHE / "models", vectors.encode, print)


@pytest.fixture(scope="session")
def recogniser() -> Recogniser:
    """What people's questions teach, from the product's own cache."""
    return teaching.load(NLU_DATA, CACHE / "models", vectors.encode, print)


@pytest.fixture(scope="session")
def knowledge(city: City, recogniser: Recogniser) -> Knowledge:
    files = sorted((NLU_DATA / "guides").glob("*/*.yml"))
    guides = [Guide.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    library = Library.of(guides, known=known_items(NLU_DATA), city=city.code, region=city.region)
    cache = CACHE / "vectors"
    linker = Linker.load(library, NLU_DATA, encode=vectors.encode, cache=cache, recogniser=recogniser)
    return Knowledge(library, linker)


@pytest.fixture(scope="session")
def stand_in() -> Nlu:
    """The language model without Rasa: the very stand-in that answers citizens while Rasa is away."""
    return Nlu(cast("ClientSession", None), "", "", NLU_DATA / "nlu", CACHE / "models")


@dataclass
class Talk:
    """One citizen's conversation, told turn by turn."""

    bot: Bot
    address: str = "somebody"
    now: datetime = NOW

    async def hear(self, text: str, external_id: str | None = None) -> dialogue.TurnResult:
        inbound = Inbound("web", self.address, text, external_id, self.bot.city.code)
        return await dialogue.turn(self.bot, inbound, lambda: self.now)

    async def say(self, text: str) -> Reply:
        result = await self.hear(text)
        assert result.reply is not None
        return result.reply


@pytest.fixture
def talk(
    tmp_path: Path,
    vault: Vault,
    stand_in: Nlu,
    knowledge: Knowledge,
    router: Router,
    city: City,
    openings: Openings,
) -> Iterator[Talk]:
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}", vault)
    Base.metadata.create_all(database.engine)
    yield Talk(
        Bot.build(
            NLU_DATA, database=database, nlu=stand_in, knowledge=knowledge, router=router, city=city, openings=openings
        )
    )
    database.close()
