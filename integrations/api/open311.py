"""Open311 GeoReport v2 at `/open311/v2`: XML as the standard requires, JSON for who asks for it.

Services are the six kinds of matter (诉求类型). Lists and registration need a token (`api_key`): what citizens tell a
hotline is no public record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from aiohttp import web
from pydantic import ValidationError
from sqlalchemy.orm import Session

from integrations.api import access
from integrations.api.access import BEARER, TokenNeeded
from integrations.api.markup import Record, answer, failed
from integrations.api.tickets import NewTicket, draft_of, register
from integrations.bootstrap import HOUSE, House
from integrations.consoles.pages import PAGES
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from integrations.middleware import Handler, status_of
from ticketing import open_requests
from ticketing.api_tokens import Bearer, Scope
from ticketing.errors import HotlineError, Invalid
from ticketing.intake import Registered
from ticketing.models import Kind
from ticketing.open_requests import OpenRequest, Wanted

BASE = "/open311/v2"
SERVICES: Mapping[str, Kind] = {kind.name.lower(): kind for kind in Kind}
CODES = {kind: code for code, kind in SERVICES.items()}
_MOST_IDS = 50
_MAX_PARAMETER = 2000
_OPEN = {"open": True, "closed": False}


def routes() -> list[web.RouteDef]:
    """The routes of GeoReport v2."""
    format_ = "{format:xml|json}"
    return [
        web.get(f"{BASE}/discovery.{format_}", _told(discovery)),
        web.get(f"{BASE}/services.{format_}", _told(services)),
        web.get(f"{BASE}/requests.{format_}", _told(requests)),
        web.post(f"{BASE}/requests.{format_}", _told(create)),
        web.get(f"{BASE}/requests/{{number}}.{format_}", _told(request_by_id)),
    ]


def _told(handler: Handler) -> Handler:
    """Failures in the standard's own form."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except HotlineError as error:
            status = 403 if isinstance(error, TokenNeeded) else status_of(error)
            status = 400 if status == 422 else status
            return failed(request, status, request.app[PAGES].words.error(error))

    return handle


async def discovery(request: web.Request) -> web.Response:
    """`GET discovery`: where the service is and what it speaks."""
    url = f"{request.app[PAGES].url}{BASE}"
    endpoint: Record = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": url,
        "changeset": "2026-01-01T00:00:00+08:00",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    house = request.app[HOUSE]
    found: Record = {
        "changeset": "2026-01-01T00:00:00+08:00",
        "contact": house.city.contacts["hotline"],
        "key_service": "",
        "endpoints": [endpoint],
    }
    return answer(request, "discovery", found)


async def services(request: web.Request) -> web.Response:
    """`GET services`."""
    house = request.app[HOUSE]
    found: list[Record] = [
        {
            "service_code": code,
            "service_name": kind.value,
            "description": house.replies.text(f"open311.service.{kind}"),
            "metadata": "false",
            "type": "realtime",
            "keywords": "",
            "group": house.city.name,
        }
        for code, kind in SERVICES.items()
    ]
    return answer(request, "services", found, "service")


async def requests(request: web.Request) -> web.Response:
    """`GET requests`: of 90 days and a thousand at most."""
    await _admit(request, request.query, Scope.TICKETS_READ)
    house = request.app[HOUSE]
    actor, wanted = request[BEARER].actor, _wanted(request.query)
    found = await house.database.reading(open_requests.open_requests, house.city, actor, wanted, now())
    return answer(request, "service_requests", [_record(house, one) for one in found], "request")


async def request_by_id(request: web.Request) -> web.Response:
    """`GET requests/{number}`."""
    await _admit(request, request.query, Scope.TICKETS_READ)
    house, number = request.app[HOUSE], request.match_info["number"][:20]
    found = await house.database.reading(open_requests.open_request, house.city, request[BEARER].actor, number, now())
    return answer(request, "service_requests", [_record(house, found)], "request")


async def create(request: web.Request) -> web.Response:
    """`POST requests`: a form; a place in words, or as coordinates, is required."""
    form = await _form(request)
    await _admit(request, form, Scope.TICKETS_WRITE)
    house, bearer = request.app[HOUSE], request[BEARER]
    body = _matter(form)
    words = f"{body.content}\n{body.place}"
    recommendation = (await asyncio.to_thread(house.bot.router.recommend, words)).to_json()
    made = await house.database.writing(_register, house, bearer, body, recommendation, _key(request, bearer))
    await after_change(request)
    notice = house.replies.text("open311.notice", code=made.query_code)
    told: Record = {"service_request_id": made.number, "service_notice": notice, "account_id": ""}
    return answer(request, "service_requests", [told], "request", status=201)


def _register(
    session: Session, house: House, bearer: Bearer, body: NewTicket, recommendation: dict[str, object], key: str | None
) -> Registered:
    return register(session, house, bearer, draft_of(body, house), recommendation, key)


def _key(request: web.Request, bearer: Bearer) -> str | None:
    given = request.headers.get("Idempotency-Key", "")[:64]
    return f"open311:{bearer.token_id}:{given}" if given else None


async def _admit(request: web.Request, given: Mapping[str, str], scope: Scope) -> None:
    if "Authorization" in request.headers:
        await access.require(request, scope)
    else:
        await access.admit(request, given.get("api_key"), scope)


async def _form(request: web.Request) -> Mapping[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise Invalid("bad_form", field="body")
    try:
        form = await request.post()
    except ValueError as error:  # not text in the charset it names
        raise Invalid("bad_form", field="body") from error
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _matter(form: Mapping[str, str]) -> NewTicket:
    kind = SERVICES.get(form.get("service_code", ""))
    if kind is None:
        raise Invalid("service_unknown", field="service_code")
    name = f"{form.get('last_name', '')}{form.get('first_name', '')}".strip()
    given = {"kind": kind, "content": form.get("description", ""), "place": _place(form)}
    given |= {"phone": form["phone"]} if form.get("phone") else {}
    given |= {"name": name} if name else {}
    try:
        return NewTicket.model_validate(given)
    except ValidationError as error:
        raise Invalid("parameter_unfit", field=str(error.errors()[0]["loc"][0])) from error


def _place(form: Mapping[str, str]) -> str:
    """The address in words, with the coordinates where they were given."""
    words = form.get("address_string", "").strip()
    if form.get("lat") or form.get("long"):
        words = f"{words} ({_degrees(form, 'lat', 90)}, {_degrees(form, 'long', 180)})".strip()
    if not words:
        raise Invalid("place_missing", field="address_string")
    return words


def _degrees(form: Mapping[str, str], name: str, limit: int) -> str:
    try:
        value = float(form.get(name, "")[:30])
    except ValueError as error:
        raise Invalid("parameter_unfit", field=name) from error
    if not -limit <= value <= limit:
        raise Invalid("parameter_unfit", field=name)
    return f"{value:.6f}"


def _wanted(query: Mapping[str, str]) -> Wanted:
    given = {name: value[:_MAX_PARAMETER] for name, value in query.items()}
    codes = [code for code in given.get("service_code", "").split(",") if code]
    if any(code not in SERVICES for code in codes):
        raise Invalid("service_unknown", field="service_code")
    states = {state for state in given.get("status", "").split(",") if state}
    if states - _OPEN.keys():
        raise Invalid("parameter_unfit", field="status")
    return Wanted(
        numbers=[number for number in given.get("service_request_id", "").split(",") if number][:_MOST_IDS],
        kinds=[SERVICES[code] for code in codes],
        open=_OPEN[states.pop()] if len(states) == 1 else None,
        start=_moment(given, "start_date"),
        end=_moment(given, "end_date"),
    )


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    """A W3C moment with its offset; a `+` that a query turned into a space is put back."""
    if not given.get(name):
        return None
    try:
        moment = datetime.fromisoformat(given[name].replace(" ", "+"))
    except ValueError as error:
        raise Invalid("parameter_unfit", field=name) from error
    if moment.tzinfo is None or not 2000 <= moment.year < 2200:
        raise Invalid("parameter_unfit", field=name)
    return moment


def _record(house: House, one: OpenRequest) -> Record:
    def told(moment: datetime) -> str:
        return moment.astimezone(house.city.zone).isoformat(timespec="seconds")

    return {
        "service_request_id": one.number,
        "status": "open" if one.open else "closed",
        "status_notes": house.replies.text(f"labels.status.{one.status}"),
        "service_name": one.kind.value,
        "service_code": CODES[one.kind],
        "description": one.description,
        "agency_responsible": house.replies.text(f"labels.department.{one.department}") if one.department else "",
        "service_notice": "",
        "requested_datetime": told(one.requested_at),
        "updated_datetime": told(one.updated_at),
        "expected_datetime": told(one.expected_at),
        "address": "",
        "address_id": "",
        "zipcode": "",
        "lat": "",
        "long": "",
        "media_url": "",
    }
