"""The API for other systems (开放接口): `/api/v1`, described by its `openapi.json` and, for people, its `docs`."""

from __future__ import annotations

from aiohttp import web

from integrations.api import (
    access,
    attachments,
    conversations,
    docs,
    imports,
    knowledge,
    metrics,
    open311,
    reports,
    tickets,
)
from integrations.api.surface import API

__all__ = ["add", "attachments", "conversations", "imports", "knowledge", "metrics", "open311", "reports", "tickets"]


def add(app: web.Application) -> None:
    """Add the API and Open311 to the application."""
    app[access.PACE] = access.new_pace()
    app[access.STRANGERS] = access.new_strangers()
    app.add_routes(open311.routes())
    app.add_routes(API.routes(access.require, access.answering))
    app.add_routes(docs.routes())
