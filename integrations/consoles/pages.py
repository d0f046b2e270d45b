"""The one Jinja environment of all pages: escaped by default, undefined names are errors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from integrations.consoles.words import Words, now
from ticketing.accounts import Person
from ticketing.cards import CardView
from ticketing.cases import CARDS, EXCLUSIONS, open_steps
from ticketing.exclusions import ExclusionView
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


def card_steps(card: CardView, person: Person) -> tuple[str, ...]:
    """What this person may do with a card (红黄牌) now."""
    return open_steps(CARDS, card.status, person.actor, card.department, card.decided_by)


def exclusion_steps(one: ExclusionView, person: Person) -> tuple[str, ...]:
    """What this person may do with a request for exclusion (考核剔除) now."""
    return open_steps(EXCLUSIONS, one.status, person.actor, one.department, one.decided_by)


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
        texts=house.settings.texts,
        asset=lambda name: f"/static/{manifest[name]}",
        words=words,
        card_steps=card_steps,
        exclusion_steps=exclusion_steps,
        fresh_key=lambda: secrets.token_urlsafe(12),  # makes a form that is sent twice one and the same
    )
    environment.filters.update(
        moment=words.moment,
        day=words.day,
        short=words.short,
        span=words.span,
        label=lambda code, section: words.label(section, code),
        iso=datetime.fromisoformat,
        mask_phone=mask_phone,
        mask_name=mask_name,
    )
    return Pages(environment, words, house.settings.url)


def render(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page for this request."""
    return request.app[PAGES].response(request, template, status=status, **values)
