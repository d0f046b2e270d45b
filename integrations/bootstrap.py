"""Builds the house once: database, keys, city, bot, and what carries live updates."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot.bot import Bot
from bot.guides import teaching
from bot.guides.library import Library, known_items
from bot.guides.linker import Linker
from bot.knowledge import Knowledge
from bot.nlu import Nlu
from bot.openings import Openings
from bot.replies import Replies
from integrations.database.engine import Database, connect
from integrations.live import Hub
from integrations.settings import Settings
from routing.language import vectors
from routing.router import Router
from ticketing.city import City
from ticketing.privacy import Vault

_SECRET_BYTES = 32


@dataclass(frozen=True)
class House:
    """Everything a process of the product works with; `wake` rings the worker after a transaction that asked."""

    settings: Settings
    database: Database
    vault: Vault
    city: City
    bot: Bot
    replies: Replies
    secret: bytes
    live: Hub
    wake: Callable[[], None]


HOUSE = web.AppKey("house", House)


@contextlib.asynccontextmanager
async def open_house(settings: Settings, wake: Callable[[], None]) -> AsyncIterator[House]:
    """The house of the settings; everything is let go at the end."""
    async with open_bot(settings) as bot:
        database = bot.database
        assert isinstance(database, Database)
        live = Hub(settings.redis_url)
        yield House(
            settings, database, database.vault, bot.city, bot, bot.replies, signing_secret(settings), live, wake
        )


@contextlib.asynccontextmanager
async def open_bot(settings: Settings) -> AsyncIterator[Bot]:
    """The bot of the settings' city on the settings' database."""
    database = connect(settings.database, settings.keys)
    try:
        async with aiohttp.ClientSession() as http:
            yield _bot(settings, database, http)
    finally:
        database.close()


def _bot(settings: Settings, database: Database, http: aiohttp.ClientSession) -> Bot:
    city, models = City.load(settings.city), settings.home / "models"
    with database.read() as session:
        library = Library.load(session, city.code, region=city.region, known=known_items(settings.nlu_data))
    linker = build_linker(settings, library)
    token = settings.rasa_token.get_secret_value() if settings.rasa_token else ""
    return Bot.build(
        settings.nlu_data,
        database=database,
        nlu=Nlu(http, settings.rasa_url or "", token, settings.nlu_data / "nlu", models),
        knowledge=Knowledge(library, linker),
        router=Router.load(
            settings.nlu_data, models, city=str(settings.city.absolute()), own=settings.data / "models", progress=_say
        ),
        city=city,
        openings=Openings.load(settings.nlu_data, models, vectors.encode, _say),
        pack=settings.city,
        texts=settings.texts,
    )


def build_linker(settings: Settings, library: Library) -> Linker:
    """The linker of a library, with what this installation has learned and the vectors it keeps."""
    recogniser = teaching.load(settings.nlu_data, settings.home / "models", vectors.encode, _say)
    cache = settings.home / "vectors"
    return Linker.load(library, settings.nlu_data, encode=vectors.encode, cache=cache, recogniser=recogniser)


def _say(line: str) -> None:
    print(f"▸ {line}", file=sys.stderr, flush=True)  # noqa: T201 - a long step shows progress, like those before it


def signing_secret(settings: Settings) -> bytes:
    """What signs cookies: the configured secret, else one made once and kept beside the data."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value().encode()
    path = settings.data / "secret"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
    return path.read_bytes()
