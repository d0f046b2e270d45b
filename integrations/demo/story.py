"""One ticket while its made-up life is written down: rows as the house's own code writes them, not yet stored."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.demo.world import Matter, World
from routing.language.redaction import redact
from ticketing import audit, numbering, rounds
from ticketing.clocks import ClockName
from ticketing.deadlines import Due, Limit, due
from ticketing.models import CallbackStatus, Part, Role, Status, new_id
from ticketing.privacy import seal
from ticketing.workflow import TABLE, Action, Actor

SYSTEM = Actor(Role.SYSTEM)
Rows = defaultdict[str, list[dict[str, Any]]]
_TITLE = 30


class NotYet(Exception):
    """The next thing would happen in the future: the story ends here."""


class Story:
    """One ticket's rows; every step goes through the workflow's own table, so no state is made up."""

    def __init__(self, world: World, rows: Rows, matter: Matter, number: str, ticket_id: UUID, at: datetime) -> None:
        self.world, self.rows, self.matter, self.at = world, rows, matter, at
        self.id, self.number = ticket_id, number
        self._seq, self._hash = 0, audit.GENESIS
        self._revisions: dict[ClockName, int] = defaultdict(int)
        self.status: Status | None = None
        self.ticket: dict[str, Any] = {}
        self.lead: dict[str, Any] | None = None
        self.callback: dict[str, Any] | None = None
        self.survey: dict[str, Any] | None = None
        self.stop_at: Status | None = None

    def register(self, channel: str, citizen_id: UUID | None, key: str, **more: Any) -> None:
        """登记."""
        session, city, matter = self.world.session, self.world.city, self.matter
        profile = city.profile_of(matter.kind, matter.urgency, matter.department)
        redacted = redact(matter.text).text
        code = numbering.query_code(session, self.id)
        operator = self.world.actor(Role.OPERATOR) if channel == "phone" else Actor(Role.BOT)
        self.ticket = dict.fromkeys(_EMPTY) | {
            "id": self.id, "number": self.number, "intake_key": key, "city": city.code, "channel": channel,
            "query_code_mac": numbering.query_code_mac(session, self.id, code), "query_failures": 0,
            "registered_by": operator.staff_id, "first_contact_owner": operator.staff_id, "registered_at": self.at,
            "citizen_id": citizen_id, "anonymous": False, "confidential": matter.kind == "举报", "wants_reply": True,
            "kind": matter.kind, "title": redacted if len(redacted) <= _TITLE else f"{redacted[: _TITLE - 1]}…",
            "content_sealed": seal(session, matter.text), "content_redacted": redacted,
            "place_sealed": seal(session, self.world.word("place")),
            "region": self.world.rng.choice(self.world.regions),
            "urgency": matter.urgency, "evidence": self._evidence(), "version": 0, "rework_count": 0, "return_count": 0,
            "profile": profile.code, "promised_at": due(city.calendar, self.at, profile.finish).at,
        } | more  # fmt: skip
        data = {"channel": channel, "kind": matter.kind, "recommended": matter.department}
        self._event(Action.REGISTER, operator, None, Status.REGISTERED, data=data)
        self.clock(ClockName.CITIZEN, profile.finish, Action.REGISTER)
        self.clock(ClockName.DISPATCH, city.dispatch_limit(matter.urgency), Action.REGISTER)

    def _evidence(self) -> dict[str, Any]:
        """What the router would have kept of its recommendation."""
        sure = round(self.world.rng.uniform(0.62, 0.97), 2)
        others = [{"department": code, "confidence": round((1 - sure) / 2, 2), "why": []} for code in self.matter.also]
        first = {"department": self.matter.department, "confidence": sure, "why": []}
        return {"department": self.matter.department, "kind": self.matter.kind, "candidates": [first, *others[:2]]}

    def until(self, at: datetime) -> None:
        """Let time pass; what lies in the future does not happen."""
        if at > self.world.until or (self.stop_at is not None and self.status == self.stop_at):
            raise NotYet
        self.at = max(at, self.at)

    def do(self, action: Action, actor: Actor, note: str | None = None, **data: Any) -> None:
        """One action of the workflow."""
        assert self.status is not None
        to = TABLE[self.status, action].to
        assert to is not None, action
        self._event(action, actor, self.status, to, note=note, data=data)

    def note(self, action: str, actor: Actor, note: str | None = None, **data: Any) -> None:
        """Something that happens to the ticket besides its status."""
        self._event(action, actor, self.status, self.status or Status.REGISTERED, note=note, data=data)

    def _event(
        self,
        action: str,
        actor: Actor,
        before: Status | None,
        after: Status,
        *,
        data: dict[str, Any],
        note: str | None = None,
    ) -> None:
        self._seq += 1
        row: dict[str, Any] = {
            "id": new_id(), "at": self.at, "ticket_id": self.id, "seq": self._seq, "action": str(action),
            "from_status": before.value if before else None, "to_status": after.value,
            "actor_role": actor.role.value, "actor_id": actor.staff_id, "department": actor.department,
            "note_sealed": seal(self.world.session, note) if note else None, "data": data, "previous_hash": self._hash,
        }  # fmt: skip
        self._hash = audit.digest(row)
        self.rows["ticket_event"].append(row | {"hash": self._hash})
        self.status = after
        self.ticket["status"], self.ticket["version"] = after.value, self._seq - 1

    def clock(self, name: ClockName, limit: Limit, cause: str) -> Due:
        """Start a clock now."""
        found = due(self.world.city.calendar, self.at, limit)
        self.move(name, found, cause, self.at)
        return found

    def move(self, name: ClockName, found: Due, cause: str, started: datetime) -> None:
        """A new revision of a clock."""
        self._revisions[name] += 1
        self.rows["clock"].append({
            "id": new_id(), "ticket_id": self.id, "name": name.value, "revision": self._revisions[name],
            "started_at": started, "due_at": found.at, "rule": found.rule, "basis": found.basis,
            "provisional": found.provisional, "cause": str(cause), "explanation": found.explanation(),
            "set_at": self.at,
        })  # fmt: skip

    def units_clocks(self, cause: Action) -> None:
        """承办单位的时限 start anew."""
        profile = self.world.city.profile_of(self.matter.kind, self.matter.urgency, self.ticket["lead_department"])
        self.ticket |= {"profile": profile.code, "first_contact_at": None, "dispatched_at": self.at}
        self.ticket["sign_due"] = self.clock(ClockName.SIGN, profile.sign, cause).at
        self.ticket["finish_due"] = self.clock(ClockName.FINISH, profile.finish, cause).at
        self.clock(ClockName.FIRST_CONTACT, profile.first_contact, cause)

    def give(self, department: str) -> None:
        """The lead's part."""
        profile = self.world.city.profiles[self.ticket["profile"]]
        self.ticket["unit_id"] = self.world.unit(department, self.ticket["region"])
        self.lead = dict.fromkeys(_NO_PART) | {
            "id": new_id(), "ticket_id": self.id, "department": department, "unit_id": self.ticket["unit_id"],
            "part": Part.LEAD.value, "given_at": self.at, "due_at": self.ticket["finish_due"],
            "rule": profile.finish.rule, "basis": profile.finish.basis,
        }  # fmt: skip
        self.rows["assignment"].append(self.lead)

    def begin_callback(self) -> None:
        """A callback round with its survey, where the citizen may be asked."""
        session, city = self.world.session, self.world.city
        due_at = self.clock(ClockName.CALLBACK, city.steps.callback, Action.PASS).at
        self.callback = {
            "id": new_id(), "ticket_id": self.id, "round": self.ticket["rework_count"] + 1, "due_at": due_at,
            "status": CallbackStatus.DUE.value, "created_at": self.at, "finished_at": None, "step": 0,
            "channel": None, "next_at": self.at,
        }  # fmt: skip
        self.rows["callback"].append(self.callback)
        survey_id = new_id()
        self.survey = dict.fromkeys(_UNSAID) | {
            "id": survey_id, "callback_id": self.callback["id"], "ticket_id": self.id, "scale": city.survey.scale,
            "token_mac": rounds.token_mac(session, rounds.token_of(session, survey_id)),
            "expires_at": due(city.calendar, self.at, Limit(city.survey.link_days, "d", "")).at,
        }  # fmt: skip
        self.rows["survey"].append(self.survey)

    def attempt(self, channel: str, outcome: str, actor: Actor) -> None:
        """One try to reach the citizen."""
        assert self.callback
        self.rows["callback_attempt"].append({
            "id": new_id(), "callback_id": self.callback["id"], "at": self.at, "channel": channel,
            "staff_id": actor.staff_id, "outcome": outcome, "note_sealed": None,
        })  # fmt: skip

    def end_callback(self, status: CallbackStatus) -> None:
        """The round is over."""
        assert self.callback
        self.callback |= {"status": status.value, "finished_at": self.at, "next_at": None}


_EMPTY = [
    "query_locked_until",
    "external_platform",
    "external_number",
    "parent_id",
    "conversation_id",
    "happened",
    "lead_department",
    "first_department",
    "unit_id",
    "handler_id",
    "reviewer_id",
    "ruled_department",
    "accused_department",
    "sign_due",
    "finish_due",
    "dispatched_at",
    "signed_at",
    "answered_at",
    "first_contact_at",
    "suspended_at",
    "closed_at",
    "reason_code",
    "outcome_code",
    "answer_sealed",
    "answer_basis",
]
_NO_PART = [
    "parent_id",
    "given_by",
    "note_sealed",
    "signed_at",
    "signed_by",
    "office",
    "holder_id",
    "draft_sealed",
    "draft_basis",
    "outcome_code",
    "drafted_at",
    "drafted_by",
    "approved_at",
    "approved_by",
    "done_at",
    "ended_at",
]
_UNSAID = [
    "answered_at",
    "answered_by",
    "contacted",
    "resolved",
    "department_rating",
    "hotline_rating",
    "reason_sealed",
]
