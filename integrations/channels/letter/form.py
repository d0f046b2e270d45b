"""Writing a letter on the web (网上写信): `/letter` needs no script; danger is answered at once."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from bot.triage import Alarm, Finding, hear
from integrations.bootstrap import HOUSE, House
from integrations.channels.letter import handling, outgoing
from integrations.channels.letter.account import Account
from integrations.consoles import forms
from integrations.consoles.attachments import UPLOAD, taken_in
from integrations.consoles.forms import Form
from integrations.consoles.pages import PAGES, render
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from integrations.limits import Buckets, visitor
from integrations.middleware import status_of
from ticketing import intake, letters
from ticketing.attachments import Content, Origin
from ticketing.attachments import add as add_attachment
from ticketing.citizens import MAX_NAME, read_phone
from ticketing.errors import Forbidden, HotlineError, Invalid, TooManyAttempts
from ticketing.intake import MAX_CONTENT, MAX_SHORT, AppealDraft, Registered
from ticketing.letters import CHANNEL
from ticketing.models import AttachmentPart, Kind, Role, Ticket
from ticketing.privacy import keyed_hash
from ticketing.workflow import Actor

WRITERS = web.AppKey("letter_writers", Buckets)
_CSRF = "letter_csrf"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_FIELDS = {"name": MAX_NAME, "phone": 40, "email": 200, "kind": 10, "place": MAX_SHORT, "content": MAX_CONTENT}
_CITIZEN = Actor(Role.CITIZEN)


def add(app: web.Application) -> None:
    """Add the page; it works without a mailbox too."""
    app[WRITERS] = Buckets(burst=6, per_second=0.02)
    app.add_routes([web.get("/letter", page), web.post("/letter", submit)])


async def page(request: web.Request) -> web.Response:
    """`GET /letter`: the empty form."""
    return _shown(request)


async def submit(request: web.Request) -> web.Response:
    """`POST /letter`: a ticket, told with number and query code; the same form sent twice is the same ticket."""
    given: dict[str, str] = {}
    try:
        if not request.app[WRITERS].allow(visitor(request)):
            raise TooManyAttempts("letters_too_fast")
        with await forms.read(request, UPLOAD) as form:
            given = {name: form.text(name, 2 * limit) for name, limit in _FIELDS.items()}
            key = _proven(request, form)
            draft, email = _draft(request.app[HOUSE], given)
            danger, files = await _danger(request.app[HOUSE], draft.content), await taken_in(request, form)
    except HotlineError as error:
        danger = await _danger(request.app[HOUSE], given.get("content", ""))
        return _shown(request, status=status_of(error), given=given, danger=danger, error=error)
    made = await _kept(request.app[HOUSE], draft, email, key, danger, files)
    await after_change(request)
    return _shown(request, made=made, danger=danger, email=email)


def _proven(request: web.Request, form: Form) -> str:
    """The form's key; only our own page, opened in this browser, knows its secret."""
    secret = request.cookies.get(_CSRF) or secrets.token_hex(8)
    if not hmac.compare_digest(form.text("csrf").encode(), secret.encode()):
        raise Forbidden("csrf")
    key = form.text("key", 64)
    if _KEY.fullmatch(key) is None:
        raise Invalid("bad_form", field="key")
    return f"{secret}\0{key}"


def _draft(house: House, given: dict[str, str]) -> tuple[AppealDraft, str]:
    """The letter as a draft, and the e-mail address if one was given."""
    for name, limit in _FIELDS.items():
        if len(given[name]) > limit:
            raise Invalid("field_too_long", field=name, limit=limit)
    if not given["content"]:
        raise Invalid("letter_empty", field="content")
    if not given["phone"] and not given["email"]:
        raise Invalid("letter_contact", field="phone")
    if given["email"] and (len(given["email"]) > 200 or not _EMAIL.fullmatch(given["email"])):
        raise Invalid("email_invalid", field="email")
    if given["kind"] and given["kind"] not in set(Kind):
        raise Invalid("kind_unknown", field="kind")
    draft = AppealDraft(
        kind=given["kind"],
        content=given["content"],
        place=given["place"] or None,
        region=None,
        happened=None,
        phone=read_phone(given["phone"]) if given["phone"] else None,
        name=given["name"] or None,
        anonymous=False,
        confidential=False,
        wants_reply=True,
        channel=CHANNEL,
        conversation_id=None,
        city=house.city.code,
    )
    return draft, given["email"].lower()


async def _danger(house: House, content: str) -> Finding | None:
    """Whether somebody is in danger now; the page says the number before anything else."""
    return await asyncio.to_thread(_look, house, content[:MAX_CONTENT]) if content else None


def _look(house: House, content: str) -> Finding | None:
    heard = hear(content)
    found = house.bot.triage.look(heard, house.bot.opening(heard.text))
    return found if found is not None and found.alarm is Alarm.EMERGENCY else None


async def _kept(
    house: House, draft: AppealDraft, email: str, key: str, danger: Finding | None, files: tuple[Content, ...]
) -> Registered:
    told = " ".join(part for part in (draft.content, draft.place) if part)
    routed = (await asyncio.to_thread(house.bot.router.recommend, told)).to_json()
    return await house.database.writing(_register, house, draft, routed, email, key, danger, files, now())


def _register(
    session: Session,
    house: House,
    draft: AppealDraft,
    routed: dict[str, Any],
    email: str,
    key: str,
    danger: Finding | None,
    files: tuple[Content, ...],
    at: datetime,
) -> Registered:
    proof = keyed_hash(session, "letter-form", key).hex()[:32]
    name = f"letter-form:{proof}"
    conversation = handling.say(session, house, email, draft.content, name, at) if email else None
    values = {name: getattr(draft, name) for name in draft.__slots__}
    whole = AppealDraft(**values | {"kind": draft.kind or routed["kind"], "conversation_id": conversation})
    made = intake.register(session, whole, routed, house.city, at, _CITIZEN, name)
    for number, content in enumerate(files):
        origin = Origin(AttachmentPart.CITIZEN, _CITIZEN, key=f"{name}:{number}", ticket_id=made.ticket_id)
        add_attachment(session, content, origin, at)
    handling.ring(session, house, name, draft.content, danger, at)
    if email:
        _confirm(session, house, email, made, proof, at)
    return made


def _confirm(session: Session, house: House, email: str, made: Registered, proof: str, at: datetime) -> None:
    """The same by e-mail, so that a later letter finds its ticket; no address is flooded through the form."""
    account = Account.of(house.settings)
    if account is None or account.smtp is None or letters.has_form(session, made.ticket_id):
        return
    letter_id = letters.from_form(session, email, made.ticket_id, at)
    if not letters.may_answer(session, letter_id, email, account.answers, at):
        return
    ticket = session.get_one(Ticket, made.ticket_id)
    text = handling.told(house, session, ticket, added=False)
    text += "\n\n" + house.replies.text("letter.foot", city=house.city.name)
    subject = house.replies.text("letter.subject", number=made.number)
    outgoing.send(session, email, subject, text, f"form:{proof}", at, number=made.number, about=letter_id)


def _shown(
    request: web.Request,
    *,
    status: int = 200,
    given: dict[str, str] | None = None,
    made: Registered | None = None,
    danger: Finding | None = None,
    email: str = "",
    error: HotlineError | None = None,
) -> web.Response:
    house, words = request.app[HOUSE], request.app[PAGES].words
    csrf = request.cookies.get(_CSRF) or secrets.token_urlsafe(24)
    blank = dict.fromkeys(_FIELDS, "")
    advice = house.replies.text(f"triage.emergency.{danger.name}", number=danger.number) if danger else ""
    response = render(
        request, "letter.html", status=status, given=blank | (given or {}), made=made, danger=danger, advice=advice,
        error=words.error(error) if error else None, wrong=error.details.get("field") if error else None,
        csrf=csrf, kinds=list(Kind), mails=bool(email) and outgoing.can_send(house.settings),
    )  # fmt: skip
    secure = request.app[PAGES].url.startswith("https:")
    response.set_cookie(_CSRF, csrf, httponly=True, samesite="Strict", secure=secure, path="/letter")
    return response
