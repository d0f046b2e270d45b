"""Departments (承办单位) and guides (办事指南) over the API: what the bot answers from, cited and dated."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, StringConstraints

from bot.guides.guide import Element, Guide
from bot.guides.library import Item
from integrations.api.fields import Code, Given, Short, Told
from integrations.api.surface import API
from integrations.bootstrap import HOUSE
from ticketing.api_tokens import Scope
from ticketing.errors import NotFound

Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3})?$")]


class DepartmentTold(Told):
    """One duty of the dispatch catalogue; `here` says whether this city has a unit for it."""

    code: str
    name: str
    short_name: str
    hotline: str
    here: bool


class DepartmentList(Told):
    """All of them."""

    departments: list[DepartmentTold]


class GuideSearch(Given):
    """Words as a citizen would say them."""

    q: Short
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class FoundItem(Told):
    """One item that may be meant."""

    code: str
    name: str
    score: float
    label: str
    written: bool


class FoundItems(Told):
    """The items best first, and how sure the first one is."""

    items: list[FoundItem]
    confidence: float


class GuidePath(Given):
    """An item by its code."""

    code: Code


class GuideQuery(Given):
    """The region a guide should hold for; without one, the city's."""

    region: Region | None = None


class GuideTold(Told):
    """One guide: a cell for every element its source states."""

    code: str
    name: str
    region: str
    department: str
    source: str
    reviewed: date
    review_due: date
    cells: dict[Element, dict[str, Any]]


@API.operation("GET", "/departments", Scope.KNOWLEDGE)
async def list_departments(request: web.Request) -> DepartmentList:
    """The departments tickets can go to."""
    house = request.app[HOUSE]
    return DepartmentList(
        departments=[
            DepartmentTold(
                code=one.code,
                name=one.name,
                short_name=one.short_name,
                hotline=one.hotline,
                here=one.code in house.city.departments,
            )
            for one in house.bot.router.catalogue.departments.values()
        ]
    )


@API.operation("GET", "/guides", Scope.KNOWLEDGE)
async def search_guides(request: web.Request, query: GuideSearch) -> FoundItems:
    """The service items a question may be about."""
    linker = request.app[HOUSE].bot.knowledge.current.linker
    found = await asyncio.to_thread(linker.link, query.q, k=query.limit)
    items = [FoundItem.model_validate(one) for one in found.candidates[: query.limit]]
    return FoundItems(items=items, confidence=found.confidence)


@API.operation("GET", "/guides/{code}", Scope.KNOWLEDGE)
async def get_guide(request: web.Request, path: GuidePath, query: GuideQuery) -> GuideTold:
    """The guide of an item that holds in a region: its own, else the nearest above it."""
    library = request.app[HOUSE].bot.knowledge.current.library
    guide = library.guide(path.code, query.region) or _first(library.item(path.code), query)
    if guide is None:
        raise NotFound("guide_not_found")
    cells = guide.cells.model_dump(mode="json", exclude_none=True)
    plain = {name: getattr(guide, name) for name in GuideTold.model_fields if name != "cells"}
    return GuideTold(**plain, cells=cells)


def _first(item: Item | None, query: GuideQuery) -> Guide | None:
    """An item whose guides are all of narrower regions still shows one to who named none."""
    return item.guides[0] if item and item.guides and query.region is None else None
