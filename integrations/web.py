"""The web application: every page, socket and probe of the house in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from integrations import api, middleware, publishing
from integrations.bootstrap import HOUSE, House
from integrations.channels import sms, web_chat, wechat
from integrations.channels.letter import form as letter
from integrations.channels.twilio import routes as telephone
from integrations.consoles import routes
from integrations.consoles.pages import PAGES, make_pages
from integrations.consoles.static import ASSETS, read_manifest, static_file

log = structlog.get_logger()
_MAX_BODY = 256 * 1024
_PROBE_SECONDS = 3.0


def make_app(house: House, assets: Path) -> web.Application:
    """The application of a house, with the built front end from `assets`."""
    app = web.Application(
        middlewares=[middleware.observe, middleware.errors, middleware.same_origin], client_max_size=_MAX_BODY
    )
    app[HOUSE] = house
    app[ASSETS] = assets
    app[PAGES] = make_pages(house, read_manifest(assets))
    app.on_response_prepare.append(middleware.add_headers)
    app.cleanup_ctx.append(_live)
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
            web.get(r"/static/{name:[A-Za-z0-9._-]+}", static_file),
        ]
    )
    web_chat.add(app)
    wechat.add(app)
    sms.add(app)
    telephone.add(app)
    letter.add(app)
    routes.add(app)
    api.add(app)
    return app


async def _live(app: web.Application) -> AsyncIterator[None]:
    app[HOUSE].live.start()
    async with publishing.following(app[HOUSE]):
        yield
    await asyncio.to_thread(app[HOUSE].live.stop)


async def healthz(_request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """Ready with the database; without the language model only degraded: people and rules still answer."""
    house = request.app[HOUSE]
    database, model = await asyncio.gather(_database_answers(house), _model_answers(house))
    status = "ok" if database and model else "degraded" if database else "down"
    body = {"status": status, "database": database, "nlu": model}
    return web.json_response(body, status=200 if database else 503)


async def metrics(_request: web.Request) -> web.Response:
    """Figures for Prometheus."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _database_answers(house: House) -> bool:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await house.database.reading(_select_one)
    except (SQLAlchemyError, TimeoutError) as error:
        log.warning("database_away", error=str(error))
        return False


def _select_one(session: Session) -> bool:
    return session.execute(text("SELECT 1")).scalar() == 1


async def _model_answers(house: House) -> bool:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await house.bot.nlu.ready()
    except TimeoutError:
        return False
