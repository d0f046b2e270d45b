"""The one Jinja environment of all pages: escaped by default, undefined names are errors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from integrations.consoles.words import Words, now
from ticketing.privacy import mask_name, mask_phone

if TYPE_CHECKING:
    from integrations.bootstrap import House

TEMPLATES = Path(__file__).resolve().parent / "templates"


@dataclass(frozen=True)
class Pages:
    """Renders templates with the words, the city and the built assets at hand."""

    environment: Environment
    words: Words
    url: str

    def render(self, template: str, **values: Any) -> str:
        """A template as text."""
        return self.environment.get_template(template).render(now=now(), **values)

    def response(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A template as a page."""
        text = self.render(template, request=request, **values)
        return web.Response(text=text, status=status, content_type="text/html")


PAGES = web.AppKey("pages", Pages)


def make_pages(house: House, manifest: Mapping[str, str]) -> Pages:
    """The pages of this house."""
    words = Words(house.replies, house.city.zone)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        city=house.city,
        asset=lambda name: f"/static/{manifest[name]}",
        words=words,
        fresh_key=lambda: secrets.token_urlsafe(12),  # makes a form that is sent twice one and the same
    )
    environment.filters.update(
        moment=words.moment,
        day=words.day,
        short=words.short,
        span=words.span,
        label=lambda code, section: words.label(section, code),
        mask_phone=mask_phone,
        mask_name=mask_name,
    )
    return Pages(environment, words, house.settings.url)


def render(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page for this request."""
    return request.app[PAGES].response(request, template, status=status, **values)
