"""Putting up notices (发公告): choose a kind, the words are there, one click puts them before every citizen."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.flows.notices import where
from integrations.bootstrap import HOUSE
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from ticketing import public_notices
from ticketing.errors import HotlineError, Invalid
from ticketing.public_notices import NoticeDraft

TOPIC = "notices"
HOURS = (2, 4, 8, 12, 24, 72, 168)
_DEFAULT_HOURS = 4
_COUNTY_DIGITS = 6


async def notices_page(request: web.Request) -> web.Response:
    """`GET /console/notices[?kind=…]`: the form and what was put up."""
    return await _page(request)


async def put_up(request: web.Request) -> web.StreamResponse:
    """`POST /console/notices`: from this moment the bot, the pages and the phone's greeting tell it."""
    house = request.app[HOUSE]
    try:
        draft = _draft(request[FORM], house.city.zone, now(), frozenset(code for code, _ in _areas(request)))
        await house.database.writing(public_notices.post, draft, house.city.code, request[PERSON].staff_id, now())
    except Invalid as error:
        return await _page(request, error)
    _changed(request)
    raise web.HTTPSeeOther("/console/notices?done=notice_up")


async def withdraw(request: web.Request) -> web.StreamResponse:
    """`POST …/withdraw`: taken down before its end."""
    house, notice = request.app[HOUSE], uuid_of(request.match_info["id"])
    await house.database.writing(public_notices.withdraw, notice, house.city.code, request[PERSON].staff_id, now())
    _changed(request)
    raise web.HTTPSeeOther("/console/notices?done=notice_down")


def _changed(request: web.Request) -> None:
    house = request.app[HOUSE]
    house.bot.board.forget()
    house.live.publish(TOPIC)


def _draft(form: Form, zone: ZoneInfo, at: datetime, known: frozenset[str]) -> NoticeDraft:
    regions = form.several("regions")
    if not set(regions) <= known:
        raise Invalid("bad_form", field="regions")
    starts = _moment(form.plain("starts", 20), zone) or at
    ends = _moment(form.plain("ends", 20), zone) or starts + timedelta(hours=form.number("hours") or _DEFAULT_HOURS)
    return NoticeDraft(
        kind=form.text("kind"),
        text=form.text("text", public_notices.MAX_TEXT),
        regions=regions,
        area=form.optional("area", public_notices.MAX_SHORT),
        source=form.text("source", public_notices.MAX_SHORT),
        starts_at=starts,
        ends_at=ends,
    )


def _moment(said: str, zone: ZoneInfo) -> datetime | None:
    """A moment as a browser's date field writes it, in the city's time."""
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=zone)
    except ValueError as error:
        raise Invalid("bad_form", field="starts") from error


def _areas(request: web.Request) -> list[tuple[str, str]]:
    """The parts of the city a notice may be for, by code and name."""
    bot = request.app[HOUSE].bot
    children = bot.regions.children(bot.city.region)
    return [(one.code, one.name) for one in children if len(one.code) == _COUNTY_DIGITS]


async def _page(request: web.Request, error: HotlineError | None = None) -> web.Response:
    house, words, at = request.app[HOUSE], request.app[PAGES].words, now()
    rows = await house.database.reading(public_notices.in_sight, house.city.code, at)
    form = request.get(FORM)
    kinds = words.labels("notice")
    asked = form.text("kind") if form else request.query.get("kind", "")
    given = {name: str(value) for name, value in form.fields.items()} if form else {}
    values = {
        "rows": [(row, where(house.bot, row)) for row in rows],
        "kinds": kinds,
        "kind": asked if asked in kinds else next(iter(kinds)),
        "areas": _areas(request),
        "chosen": form.several("regions") if form else (),
        "hours": HOURS,
        "given": given,
        "error": words.error(error) if error else None,
    }
    return page(request, "notices.html", here="notices", status=422 if error else 200, **values)
