"""What staff do to a ticket besides its workflow (申请, 会商, 并单, 流转, 督查): one entry a deed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.consoles import attachments, tickets
from integrations.consoles.access import FORM, PERSON
from integrations.consoles.forms import LONG, Form
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import (
    attachment_views,
    cards,
    exclusions,
    merging,
    offices,
    particulars,
    promises,
    requests,
    rulings,
    supervision,
    urging,
)
from ticketing import attachments as materials
from ticketing.accounts import Person
from ticketing.attachments import Content, Origin
from ticketing.city import City
from ticketing.errors import Conflict, HotlineError, Invalid
from ticketing.models import AttachmentPart, RequestKind
from ticketing.numbering import read_number
from ticketing.queries import ticket_id as visible_id
from ticketing.requests import Wish
from ticketing.supervision import Visit
from ticketing.workflow import Actor

_NOTE = 5000


@dataclass(frozen=True)
class At:
    """A deed on its ticket, with the form that asks for it."""

    session: Session
    city: City
    ticket_id: UUID
    actor: Actor
    now: datetime
    form: Form
    uploads: tuple[Content, ...] = ()

    @property
    def who(self) -> tuple[Actor, datetime]:
        """Who acts, and when."""
        return self.actor, self.now

    def id(self, name: str = "id") -> UUID:
        """A field that is the id of a row."""
        found = self.maybe_id(name)
        if found is None:
            raise Invalid("field_missing", field=name)
        return found

    def maybe_id(self, name: str) -> UUID | None:
        """An id, or None when nothing was chosen."""
        text = self.form.text(name)
        try:
            return UUID(text) if text else None
        except ValueError as error:
            raise Invalid("bad_form", field=name) from error

    def moment(self, name: str) -> datetime | None:
        """A date (until closing time) or a moment of the city's clock."""
        text = self.form.text(name)
        try:
            found = datetime.fromisoformat(text) if text else None
        except ValueError as error:
            raise Invalid("bad_form", field=name) from error
        if found is None:
            return None
        if len(text) == len("2026-01-01"):
            return self.city.calendar.closing(found.date())
        return found.replace(tzinfo=self.city.zone)

    def note(self, name: str = "note") -> str:
        """A longer text, empty when nothing was written: the use case says whether it is needed."""
        return self.form.text(name, _NOTE)


Deed = Callable[[At], HotlineError | None]


def _ask(at: At) -> None:
    kind = at.form.text("kind")
    if kind not in set(RequestKind):
        raise Invalid("bad_form", field="kind")
    wish = Wish(
        RequestKind(kind),
        at.form.text("reason_code"),
        at.note(),
        at.form.optional("basis", 1000),
        at.form.optional("to_department"),
        at.moment("until"),
        at.form.optional("interim", _NOTE),
    )
    requests.ask(at.session, at.city, at.ticket_id, *at.who, wish, expected_version=at.form.number("version"))


def _decide(at: At) -> None:
    approve = at.form.choice("approve", {"yes": True, "no": False})
    if approve is None:
        raise Invalid("field_missing", field="approve")
    requests.decide(at.session, at.city, at.id(), *at.who, approve=approve, note=at.form.optional("note", _NOTE))


def _told(at: At) -> None:
    if not requests.told(at.session, at.city, at.id(), *at.who):
        raise Conflict("request_decided")


def _resume(at: At) -> None:
    requests.resume(at.session, at.city, at.ticket_id, *at.who, note=at.form.optional("note", _NOTE))


def _contact(at: At) -> None:
    channel, note = at.form.text("channel"), at.form.optional("note", _NOTE)
    particulars.contacted(at.session, at.ticket_id, *at.who, channel=channel, note=note)


def _supplement(at: At) -> None:
    particulars.supplement(at.session, at.ticket_id, *at.who, note=at.note())


def _urgency(at: At) -> None:
    wanted = {"urgency": at.form.text("urgency"), "note": at.note()}
    particulars.set_urgency(at.session, at.city, at.ticket_id, *at.who, **wanted)


def _accused(at: At) -> None:
    particulars.set_accused(at.session, at.city, at.ticket_id, *at.who, department=at.form.optional("department"))


def _split(at: At) -> None:
    wanted = {"content": at.form.text("content", _NOTE), "kind": at.form.text("kind"), "key": at.form.text("key")}
    particulars.split(at.session, at.city, at.ticket_id, *at.who, **wanted)


def _hear(at: At) -> None:
    wanted = {"department": at.form.text("department"), "opinion": at.form.text("opinion", _NOTE)}
    rulings.hear(at.session, at.city, at.ticket_id, *at.who, **wanted)


def _rule(at: At) -> None:
    wanted = {"department": at.form.text("department"), "basis": at.form.text("basis", 2000), "note": at.note()}
    proposal = at.form.optional("proposal", _NOTE)
    rulings.rule(at.session, at.city, at.ticket_id, *at.who, **wanted, proposal=proposal)


def _merge(at: At) -> HotlineError | None:
    """The numbers, one a line, follow this ticket; what could not be merged is told with its reason."""
    words = at.form.text("numbers", LONG).replace("，", " ").replace("、", " ").split()
    numbers = [read_number(word) or word[:20] for word in words]
    if not numbers:
        raise Invalid("field_missing", field="numbers")
    note = at.note()
    batch = merging.merge_many(at.session, at.city, at.ticket_id, numbers, *at.who, note=note)
    if not batch.refused:
        return None
    return Conflict("merge_refused", count=len(batch.merged), numbers="、".join(number for number, _ in batch.refused))


def _unmerge(at: At) -> None:
    merging.unmerge(at.session, at.city, at.ticket_id, *at.who, note=at.note())


def _urge(at: At) -> None:
    urging.urge(at.session, at.city, at.ticket_id, *at.who, note=at.form.optional("note", urging.MAX_WORDS))


def _supervise(at: At) -> None:
    wanted = {name: at.form.text(name, _NOTE) for name in ("level", "owner", "instruction")}
    supervision.supervise(at.session, at.city, at.ticket_id, *at.who, **wanted, due_at=at.moment("due_at"))


def _prove(at: At) -> None:
    supervision.prove(at.session, at.id(), *at.who, proof=at.note("proof"), files=_names(at))
    _keep(at, AttachmentPart.PROOF, at.id())


def _end_supervision(at: At) -> None:
    supervision.end(at.session, at.id(), *at.who, note=at.note())


def _reopen_supervision(at: At) -> None:
    supervision.reopen(at.session, at.id(), *at.who, note=at.note())


def _visit(at: At) -> None:
    visited_at = at.moment("visited_at")
    if visited_at is None:
        raise Invalid("field_missing", field="visited_at")
    people, place, result = (at.form.text(name, _NOTE) for name in ("people", "place", "result"))
    seen = Visit(visited_at, people, place, result, tuple(_names(at)), at.maybe_id("supervision"))
    _keep(at, AttachmentPart.VISIT, supervision.visit(at.session, at.ticket_id, *at.who, seen))


def _names(at: At) -> list[str]:
    """The names of the files with their hashes, as ledgers and reports quote them."""
    return [f"{one.name} sha256:{one.sha256.hex()}" for one in at.uploads]


def _keep(at: At, part: AttachmentPart, part_id: UUID | None = None) -> None:
    """The files become the ticket's, beside what they prove."""
    for one in at.uploads:
        origin = Origin(part, at.actor, ticket_id=at.ticket_id, part_id=part_id)
        materials.add(at.session, one, origin, at.now)


def _attach(at: At) -> None:
    attachment_views.require_open(at.session, at.actor, at.ticket_id)
    if not at.uploads:
        raise Invalid("file_missing", field="uploads")
    _keep(at, AttachmentPart.EVIDENCE)


def _release(at: At) -> None:
    attachment_views.release(at.session, at.actor, at.id(), at.ticket_id, at.now)


def _ask_exclusion(at: At) -> None:
    wanted = {"reason_code": at.form.text("reason_code"), "evidence": at.note("evidence")}
    asked = exclusions.ask(at.session, at.ticket_id, *at.who, **wanted, files=_names(at))
    _keep(at, AttachmentPart.EXCLUSION, asked)


def _card(action: str) -> Deed:
    def deed(at: At) -> None:
        cards.act(at.session, at.id(), action, *at.who, note=at.note())

    return deed


def _exclusion(action: str) -> Deed:
    def deed(at: At) -> None:
        exclusions.act(at.session, at.id(), action, *at.who, note=at.note())

    return deed


def _hand_down(at: At) -> None:
    wanted: dict[str, Any] = {"unit_id": at.id("unit_id"), "due_at": at.moment("due_at")}
    offices.hand_down(at.session, at.city, at.id(), *at.who, **wanted, note=at.form.optional("note", _NOTE))


def _sign_part(at: At) -> None:
    offices.sign_part(at.session, at.id(), *at.who)


def _assign(at: At) -> None:
    office, holder = at.form.text("office"), at.maybe_id("holder_id")
    offices.assign(at.session, at.id(), *at.who, office=office, holder_id=holder)


def _draft(at: At) -> None:
    wanted = {"answer": at.form.text("answer", LONG), "outcome_code": at.form.text("outcome_code")}
    offices.draft(at.session, at.id(), *at.who, **wanted, basis=at.form.optional("basis", 1000))


def _approve(at: At) -> None:
    offices.approve(at.session, at.id(), *at.who, note=at.form.optional("note", _NOTE))


def _send_down(at: At) -> None:
    offices.send_down(at.session, at.id(), *at.who, note=at.note())


def _report(at: At) -> None:
    offices.submit(at.session, at.city, at.id(), *at.who)


def _promise(at: At) -> None:
    due_at = at.moment("due_at")
    if due_at is None:
        raise Invalid("field_missing", field="due_at")
    promises.promise(at.session, at.ticket_id, *at.who, text=at.form.text("text", promises.MAX_TEXT), due_at=due_at)


_CARD_ACTIONS = ("issue_card", "dismiss_card", "appeal_card", "uphold_card", "withdraw_card")
_EXCLUSION_ACTIONS = ("grant_exclusion", "deny_exclusion", "appeal_exclusion", "uphold_exclusion")
DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        "attach": _attach,
        "release_attachment": _release,
        "request": _ask,
        "decide": _decide,
        "told": _told,
        "resume": _resume,
        "contact": _contact,
        "promise": _promise,
        "supplement": _supplement,
        "set_urgency": _urgency,
        "set_accused": _accused,
        "split": _split,
        "hear": _hear,
        "rule": _rule,
        "merge": _merge,
        "unmerge": _unmerge,
        "urge": _urge,
        "supervise": _supervise,
        "prove": _prove,
        "end_supervision": _end_supervision,
        "reopen_supervision": _reopen_supervision,
        "visit": _visit,
        "ask_exclusion": _ask_exclusion,
        "hand_down": _hand_down,
        "sign_part": _sign_part,
        "assign_holder": _assign,
        "draft": _draft,
        "approve_draft": _approve,
        "return_draft": _send_down,
        "report_part": _report,
        **{action: _card(action) for action in _CARD_ACTIONS},
        **{action: _exclusion(action) for action in _EXCLUSION_ACTIONS},
    }
)


async def do(request: web.Request) -> web.StreamResponse:
    """`POST /console/tickets/{number}/do/{deed}`: done, or the page again with what was typed and why not."""
    name, house = request.match_info["deed"], request.app[HOUSE]
    if name not in DEEDS:
        raise web.HTTPNotFound
    number, person, form = request.match_info["number"], request[PERSON], request[FORM]
    try:
        await house.database.reading(visible_id, person.actor, number)
        uploads = await attachments.taken_in(request, form)
        refused = await house.database.writing(_do, DEEDS[name], house.city, number, person, form, uploads)
    except HotlineError as error:
        return await tickets.show(request, error=error)
    await after_change(request)
    if refused is not None:
        return await tickets.show(request, error=refused)
    raise web.HTTPSeeOther(_back(form, number, name))


def _back(form: Form, number: str, name: str) -> str:
    """To the ticket, or to the list the form stood in."""
    lists = {"requests": "/console/requests", "supervision": "/console/supervision"}
    return f"{lists.get(form.text('back'), f'/console/tickets/{number}')}?done={name}"


def _do(
    session: Session,
    deed: Deed,
    city: City,
    number: str,
    person: Person,
    form: Form,
    uploads: tuple[Content, ...],
) -> HotlineError | None:
    ticket_id = visible_id(session, person.actor, number)
    return deed(At(session, city, ticket_id, person.actor, now(), form, uploads))
