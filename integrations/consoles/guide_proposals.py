"""Proposals (改进建议) on the screen: accept as an alias or example, write the missing cell, keep as test lines."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from bot.guides import proposals
from bot.guides.grams import compact
from bot.guides.guide import Element
from bot.guides.proposals import Decision, Proposal
from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import Form
from integrations.consoles.guides import owner_of, publish
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from routing.language import vectors
from routing.language.normalise import normalised
from ticketing.accounts import Person
from ticketing.errors import Conflict, HotlineError, Invalid

SHOWN = 40
ACTIONS = ("alias", "example", "dev", "drop")
DEV_FILE = Path("dev") / "linking.jsonl"
_DONE = {"alias": "guide_alias", "example": "guide_example", "dev": "guide_dev", "drop": "guide_dropped"}
_MOST_TASKS = 400


async def proposals_page(request: web.Request) -> web.Response:
    """`GET /console/guides/proposals`."""
    return await _show(request)


async def _show(request: web.Request, error: HotlineError | None = None) -> web.Response:
    house = request.app[HOUSE]
    found = await house.database.reading(_proposals, house, owner_of(request[PERSON]))
    return page(
        request,
        "proposals.html",
        here="guides",
        status=status_of(error) if error else 200,
        proposals=found[:SHOWN],
        total=len(found),
        elements=list(Element),
        library=house.bot.knowledge.current.library,
        error=request.app[PAGES].words.error(error) if error else None,
    )


def _proposals(session: Session, house: House, owner: str | None) -> tuple[Proposal, ...]:
    linker = house.bot.knowledge.current.linker
    return proposals.proposals(session, house.city.code, owner, linker, vectors.encode)


async def decide(request: web.Request) -> web.StreamResponse:
    """`POST /console/guides/proposals`: one click on one group."""
    house, form = request.app[HOUSE], request[FORM]
    action = form.text("action")
    if action not in ACTIONS:
        raise Invalid("bad_form", field="action")
    try:
        await house.database.writing(_decide, house, form, request[PERSON], action)
    except HotlineError as error:
        return await _show(request, error)
    if action == "dev":
        await house.database.reading(write_lines, house)
    elif action != "drop":
        publish(request)
    raise web.HTTPSeeOther(f"/console/guides/proposals?done={_DONE[action]}")


def _decide(session: Session, house: House, form: Form, person: Person, action: str) -> None:
    item = form.text("other_item").upper() or form.text("item")
    decision = Decision(_tasks(form), person.staff_id, owner_of(person), house.city.code, item)
    element = form.text("element")
    if action in {"example", "dev"} and element and element not in set(Element):
        raise Invalid("bad_form", field="element")
    note = house.replies.text("guides.note.proposal")
    match action:
        case "alias":
            alias = form.text("alias")
            _require_free(house, item, alias)
            proposals.accept_alias(session, decision, alias, note, now())
        case "example":
            proposals.accept_examples(session, decision, Element(element or Element.OVERVIEW), note, now())
        case "dev":
            proposals.to_dev_lines(session, decision, [Element(element)] if element else (), now())
        case _:
            proposals.drop(session, decision, now())


def _require_free(house: House, item: str, alias: str) -> None:
    """An alias that another item already answers to would only make the bot ask back."""
    said = compact(normalised(alias))
    for other in house.bot.knowledge.current.library:
        if other.code != item and said in {compact(normalised(name)) for name in (other.name, *other.aliases)}:
            raise Conflict("alias_taken", name=other.name, item=other.code)


def _tasks(form: Form) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(one) for one in form.several("task", _MOST_TASKS))
    except ValueError as error:
        raise Invalid("bad_form", field="task") from error


def write_lines(session: Session, house: House) -> Path:
    """Put the city's own development set into its data folder, whole or not at all."""
    file = house.settings.data / DEV_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as out:
        out.write(_lines(session, house.city.code))
    Path(out.name).replace(file)
    return file


async def dev_file(request: web.Request) -> web.Response:
    """`GET /console/guides/dev.jsonl`: the lines in the format of `nlu_data/dev/linking.jsonl`."""
    house = request.app[HOUSE]
    text = await house.database.reading(_lines, house.city.code)
    disposition = 'attachment; filename="linking.jsonl"'
    return web.Response(text=text, content_type="application/x-ndjson", headers={"Content-Disposition": disposition})


def _lines(session: Session, city: str) -> str:
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in proposals.dev_lines(session, city))
