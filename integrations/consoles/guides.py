"""The guides (办事指南) as their owners keep them: lists, one guide with all its cells, edits, reviews, conflicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from bot.flows import region
from bot.guides import checking, proposals, shelf, versions
from bot.guides.checking import Finding, Known
from bot.guides.guide import NATIONAL, Element, Guide
from bot.guides.sheets.layout import Titles
from bot.guides.shelf import ShelfRow, VersionRow, Wanted
from bot.guides.versions import Edit
from integrations.bootstrap import HOUSE, House
from integrations.consoles import guide_form
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import uuid_of
from integrations.consoles.guide_form import GENERAL, PARTS, PartForm
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from integrations.publishing import TOPIC
from ticketing.accounts import Person
from ticketing.errors import Conflict, HotlineError, Invalid
from ticketing.models import Role

ROWS = 50
STATES = ("all", "overdue", "soon", "conflict")
MONTHS = (3, 6, 12)
MAX_NOTE = 200


@dataclass(frozen=True)
class Opened:
    """One guide on the screen: its cells, findings, history, and what is being edited or compared."""

    row: ShelfRow
    guide: Guide
    regions: tuple[str, ...]
    history: tuple[VersionRow, ...]
    findings: tuple[Finding, ...]
    older: int | None
    differences: tuple[shelf.Difference, ...]


def owner_of(person: Person) -> str | None:
    """Whose guides a person looks after: a department its own, supervisors and administrators all."""
    return person.department or "" if person.role is Role.DEPARTMENT else None


def titles_of(house: House) -> Titles:
    """The words of sheets and fields."""
    return Titles.of(house.replies)


def publish(request: web.Request) -> None:
    """A guide changed: every process puts it in use."""
    request.app[HOUSE].live.publish(TOPIC)


async def list_page(request: web.Request) -> web.Response:
    """`GET /console/guides[?state=…&q=…&from=…]`."""
    return await show_list(request)


async def show_list(request: web.Request, error: HotlineError | None = None, **more: Any) -> web.Response:
    """The list, with what an upload said about its file."""
    house, owner = request.app[HOUSE], owner_of(request[PERSON])
    state = request.query.get("state", "all")
    wanted = Wanted(request.query.get("q", "").strip()[:40], state if state in STATES else "all")
    start = request.query.get("from", "0")
    offset = int(start) if start.isascii() and start.isdigit() and len(start) <= 6 else 0
    today = house.city.today(now())
    counts = await house.database.reading(shelf.counts, house.city.code, owner, today)
    rows = await house.database.reading(shelf.rows, house.city.code, owner, wanted, today, offset=offset, limit=ROWS)
    return page(
        request,
        "guides.html",
        here="guides",
        status=status_of(error) if error else 200,
        wanted=wanted,
        counts=counts,
        states=STATES,
        rows=rows,
        today=today,
        offset=offset,
        step=ROWS,
        place=_places(house),
        error=request.app[PAGES].words.error(error) if error else None,
        **{"report": None, "upload_flags": (), **more},
    )


async def guide_page(request: web.Request) -> web.Response:
    """`GET /console/guides/{item}/{region}[?part=…|version=…]`."""
    return await _show(request)


async def save(request: web.Request) -> web.StreamResponse:
    """`POST …/save`: one part as the form has it, as a new version; refused when somebody saved in between."""
    house, person, form = request.app[HOUSE], request[PERSON], request[FORM]
    part = form.text("part")
    if part not in PARTS:
        raise Invalid("bad_form", field="part")
    note = form.optional("note", MAX_NOTE)
    edit = Edit(author=person.staff_id, note=note, base=form.number("base"))
    try:
        await house.database.writing(_save, request, part, edit)
    except (Invalid, Conflict) as error:
        return await _show(request, error, part)
    publish(request)
    raise web.HTTPSeeOther(f"{_here(request)}?done=guide_saved#{part}")


def _save(session: Session, request: web.Request, part: str, edit: Edit) -> None:
    house, person = request.app[HOUSE], request[PERSON]
    _, guide = _one(session, request)
    new = guide_form.changed(guide, part, request[FORM], titles_of(house))
    if new == guide:
        raise Invalid("nothing_to_change")
    versions.revise(session, new, house.city.code, now(), edit)
    if part != GENERAL:
        proposals.fill_gap(session, house.city.code, guide.code, part, person.staff_id, now())


async def reviewed(request: web.Request) -> web.StreamResponse:
    """`POST …/reviewed`: somebody read it and it is right; the next review is due in some months."""
    months = request[FORM].number("months")
    if months not in MONTHS:
        raise Invalid("bad_form", field="months")
    await request.app[HOUSE].database.writing(_reviewed, request, months)
    publish(request)
    raise web.HTTPSeeOther(f"{_here(request)}?done=guide_reviewed")


def _reviewed(session: Session, request: web.Request, months: int) -> None:
    house = request.app[HOUSE]
    _, guide = _one(session, request)
    today = house.city.today(now())
    new = guide.model_copy(update={"reviewed": today, "review_due": later(today, months)})
    edit = Edit(author=request[PERSON].staff_id, note=_note(house, "reviewed"), base=request[FORM].number("base"))
    versions.revise(session, new, house.city.code, now(), edit)


def later(day: date, months: int) -> date:
    """The same day some months on, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


async def restore(request: web.Request) -> web.StreamResponse:
    """`POST …/restore`: an earlier version becomes the newest one."""
    await request.app[HOUSE].database.writing(_restore, request, request[FORM].number("version") or 0)
    publish(request)
    raise web.HTTPSeeOther(f"{_here(request)}?done=guide_saved")


def _restore(session: Session, request: web.Request, number: int) -> None:
    house = request.app[HOUSE]
    row, guide = _one(session, request)
    old = shelf.at_version(session, house.city.code, row.item, row.region, number)
    kept = old.model_copy(update={"department": guide.department, "department_code": guide.department_code})
    note = _note(house, "restored", version=number)
    edit = Edit(author=request[PERSON].staff_id, note=note, base=request[FORM].number("base"))
    versions.revise(session, kept, house.city.code, now(), edit)


async def localise(request: web.Request) -> web.StreamResponse:
    """`POST …/localise`: the city's own guide of a national item, begun from the national words."""
    house = request.app[HOUSE]
    await house.database.writing(_localise, request)
    publish(request)
    item = request.match_info["item"]
    raise web.HTTPSeeOther(f"/console/guides/{item}/{house.city.region}?done=guide_localised")


def _localise(session: Session, request: web.Request) -> None:
    house = request.app[HOUSE]
    _, guide = _one(session, request)
    own = guide.model_copy(update={"region": house.city.region, "place": house.city.name})
    edit = Edit(author=request[PERSON].staff_id, note=_note(house, "localised"))
    versions.create(session, own, house.city.code, now(), edit)


async def settle(request: web.Request) -> web.StreamResponse:
    """`POST /console/guides/conflicts/{id}`: take the file's text, or keep what the console has."""
    take = request[FORM].text("decision")
    if take not in {"take", "keep"}:
        raise Invalid("bad_form", field="decision")
    item, region = await request.app[HOUSE].database.writing(_settle, request, take == "take")
    publish(request)
    raise web.HTTPSeeOther(f"/console/guides/{item}/{region}?done=guide_settled")


def _settle(session: Session, request: web.Request, take: bool) -> tuple[str, str]:
    house, person = request.app[HOUSE], request[PERSON]
    waiting = shelf.conflict(session, house.city.code, uuid_of(request.match_info["id"]), owner_of(person))
    edit = Edit(author=person.staff_id, note=_note(house, "taken"))
    versions.settle(session, waiting, take=take, now=now(), edit=edit)
    return waiting.item, waiting.region


def _one(session: Session, request: web.Request) -> tuple[ShelfRow, Guide]:
    city, owner = request.app[HOUSE].city.code, owner_of(request[PERSON])
    return shelf.one(session, city, request.match_info["item"], request.match_info["region"], owner)


def _note(house: House, name: str, **blanks: object) -> str:
    return house.replies.text(f"guides.note.{name}", **blanks)


def _here(request: web.Request) -> str:
    return f"/console/guides/{request.match_info['item']}/{request.match_info['region']}"


async def _show(request: web.Request, error: HotlineError | None = None, part: str | None = None) -> web.Response:
    house = request.app[HOUSE]
    part = part or request.query.get("part")
    number = request.query.get("version", "")
    older = int(number) if number.isascii() and number.isdigit() and len(number) <= 6 else None
    opened = await house.database.reading(_open, request, older)
    given = {name: str(value) for name, value in request[FORM].fields.items()} if error and FORM in request else {}
    titles = titles_of(house)
    form: PartForm | None = None
    if part in PARTS:
        form = guide_form.form_of(opened.guide, part, titles, given)
    return page(
        request,
        "guide.html",
        here="guides",
        status=status_of(error) if error else 200,
        opened=opened,
        row=opened.row,
        guide=opened.guide,
        parts=PARTS,
        elements=[element for element in Element if element is not Element.OVERVIEW],
        titles=titles,
        form=form,
        base=given.get("base") or opened.row.version,
        note=given.get("note", ""),
        today=house.city.today(now()),
        months=MONTHS,
        place=_places(house),
        national=NATIONAL,
        can_localise=opened.row.region == NATIONAL and house.city.region not in opened.regions,
        error=_told(request, error),
    )


def _told(request: web.Request, error: HotlineError | None) -> str | None:
    """The sentence for an error; a field's reason by its code."""
    if error is None:
        return None
    words = request.app[PAGES].words
    why = error.details.get("why")
    return words.error(error) + (words.replies.text(f"guides.flag.{why}") if why else "")


def _open(session: Session, request: web.Request, older: int | None) -> Opened:
    house = request.app[HOUSE]
    city = house.city.code
    row, guide = _one(session, request)
    known = Known.load(house.settings.nlu_data, house.city.today(now()))
    # Alone, a guide cannot tell what other guides are called; the whole shelf is checked by `guides check`.
    found = tuple(checking.check_one(checking.Read(guide), known))
    before = shelf.at_version(session, city, row.item, row.region, older) if older else None
    differences = shelf.differences(before, guide, titles_of(house)) if before else ()
    regions = shelf.regions(session, city, row.item)
    history = shelf.history(session, city, row.item, row.region)
    return Opened(row, guide, regions, history, found, older, differences)


def _places(house: House) -> Callable[[str], str]:
    """The name of a region for the screen."""

    def name(code: str) -> str:
        return house.replies.text("guides.page.national") if code == NATIONAL else region.name(house.bot, code)

    return name
