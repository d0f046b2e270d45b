"""The real ticket beside a plain model: whatever is tried, both agree on the status and on what was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import func, select

from ticketing import audit
from ticketing.errors import HotlineError
from ticketing.intake import register
from ticketing.models import Callback, Role, Ticket, TicketEvent
from ticketing.transitions import apply
from ticketing.workflow import Action, Actor

FRONT, CALLERS = {"operator", "dispatcher"}, {"callback", "citizen", "system"}
BEFORE_ANSWER = {"registered", "accepted", "dispatched", "handling"}
FINAL = {"closed", "rejected", "withdrawn", "merged"}
FIELDS = {
    "dispatch": {"lead_department": "CG"},
    "answer": {"answer": "已处理。", "outcome_code": "solved"},
    "send_back": {"note": "不清楚"},
    "rework": {"note": "还在施工"},
    "reject": {"reason_code": "court"},
    "answer_directly": {"answer": "已解释。"},
    "return": {"reason_code": "not_ours", "note": "不属本单位"},
    "adjudicate": {"reason_code": "judged", "note": "已核实"},
    "withdraw": {"note": "已确认"},
    "follow": {
        "answer": "已统一处理。",
        "outcome_code": "solved",
        "lead_department": "GR",
        "unit_id": None,
        "handler_id": None,
        "reviewer_id": None,
    },
}


USUAL = {"accept": "operator", "dispatch": "dispatcher", "sign": "department", "answer": "department"}
USUAL |= {"pass": "reviewer", "rework": "callback"}
COMPETENT = USUAL | {
    "close": "callback",
    "send_back": "reviewer",
    "adjudicate": "supervisor",
    "reject": "operator",
    "return": "reviewer",
}
COMPETENT |= {"answer_directly": "operator", "withdraw": "callback", "merge": "operator", "unmerge": "dispatcher"}
COMPETENT |= {"follow": "system"}


@dataclass
class Plain:
    """A ticket as one would sketch it on paper: a word, a counter, two names."""

    status: str = "registered"
    reworks: int = 0
    returns: int = 0
    lead: str | None = None
    handler: object = None
    before_merge: str | None = None
    done: list[str] = field(default_factory=list)

    def allows(self, action: str, role: str, person: object, department: str | None, complete: bool) -> bool:
        if role == "department" and (department is None or department != self.lead):
            return False
        if not complete and (action in FIELDS or action == "merge"):
            return False
        return self._rules(action, role, person)

    def _rules(self, action: str, role: str, person: object) -> bool:
        s = self.status
        rules: dict[str, Callable[[], bool]] = {
            "accept": lambda: s == "registered" and role in FRONT | {"system"},
            "dispatch": lambda: s == "accepted" and role in FRONT | {"system"} and self.returns < 2,
            "sign": lambda: s == "dispatched" and role == "department",
            "answer": lambda: s == "handling" and role == "department",
            "pass": lambda: s == "answered" and role == "reviewer" and person != self.handler,
            "send_back": lambda: s == "answered" and role == "reviewer" and person != self.handler,
            "close": lambda: s == "callback" and role in CALLERS,
            "rework": lambda: s == "callback" and ((role in CALLERS and self.reworks < 2) or role == "supervisor"),
            "adjudicate": lambda: s == "callback" and role == "supervisor" and self.reworks >= 2,
            "reject": lambda: s in {"registered", "accepted"} and role in FRONT,
            "answer_directly": lambda: s in {"registered", "accepted"} and role in FRONT,
            "return": lambda: s in {"dispatched", "handling"} and role in {"dispatcher", "reviewer"},
            "withdraw": lambda: s in BEFORE_ANSWER and role in FRONT | {"callback"},
            "merge": lambda: s not in FINAL | {"callback"} and role in FRONT,
            "unmerge": lambda: s == "merged" and role in FRONT | {"system"},
            "follow": lambda: s == "merged" and role == "system",
        }
        return action in rules and rules[action]()

    def apply(self, action: str, person: object) -> None:
        ends = {"accept": "accepted", "dispatch": "dispatched", "sign": "handling", "answer": "answered"}
        ends |= {"pass": "callback", "send_back": "handling", "close": "closed", "rework": "dispatched"}
        ends |= {"adjudicate": "closed", "reject": "rejected", "answer_directly": "closed", "return": "accepted"}
        ends |= {"withdraw": "withdrawn", "merge": "merged", "unmerge": self.before_merge or ""}
        ends |= {"follow": "callback"}
        if action == "merge":
            self.before_merge = self.status
        if action == "dispatch":
            self.lead = "CG"
        if action == "return":
            self.lead = self.handler = None
            self.returns += 1
        if action == "follow":
            self.lead, self.handler = "GR", None
        if action in {"sign", "answer"}:
            self.handler = person
        self.reworks += action == "rework"
        self.status = ends[action]
        self.done.append(action)


def machine_of(session, city, now, people, new_ticket):
    people = people | {None: Actor(Role.DEPARTMENT, people[Role.DEPARTMENT].staff_id, "ZJ")}

    class Beside(RuleBasedStateMachine):
        @initialize()
        def register(self):
            self.plain, self.id, self.parent = Plain(), new_ticket(), new_ticket()

        def attempt(self, action, actor, complete=True):
            given = FIELDS.get(action, {"parent_id": self.parent} if action == "merge" else {}) if complete else {}
            expected = self.plain.allows(action, actor.role.value, actor.staff_id, actor.department, complete)
            try:
                with session.begin_nested():
                    apply(session, city, self.id, Action(action), actor, now, **given)
            except HotlineError:
                assert not expected
            else:
                assert expected
                self.plain.apply(action, actor.staff_id)
            self.agree()

        @rule(steps=st.lists(st.integers(0, 99), min_size=14, max_size=20))
        def something_near(self, steps):
            """What fits the status and the role, but perhaps not the number of reworks."""
            for step in steps:
                anyhow = [replace(self.plain, reworks=n) for n in (0, 2)]
                near = [a for a, r in COMPETENT.items() if any(p.allows(a, r, 0, "CG", complete=True) for p in anyhow)]
                usual = [action for action in near if action in USUAL]
                if near:
                    action = usual[0] if usual and step < 80 else near[step % len(near)]
                    self.attempt(action, people[Role(COMPETENT[action])])

        @rule(action=st.sampled_from(list(Action)), role=st.sampled_from(list(people)), complete=st.booleans())
        def anything(self, action, role, complete):
            self.attempt(action.value, people[role], complete)

        def agree(self):
            ticket = session.get_one(Ticket, self.id)
            assert (ticket.status, ticket.rework_count) == (self.plain.status, self.plain.reworks)
            assert (ticket.lead_department, ticket.version) == (self.plain.lead, len(self.plain.done))
            assert (ticket.closed_at is not None) == (self.plain.status in FINAL - {"merged"})

        def teardown(self):
            events = select(TicketEvent.action).where(TicketEvent.ticket_id == self.id).order_by(TicketEvent.seq)
            assert session.scalars(events).all() == ["register", *self.plain.done]
            rounds = select(func.count()).select_from(Callback).where(Callback.ticket_id == self.id)
            assert session.scalar(rounds) == self.plain.done.count("pass") + self.plain.done.count("follow")
            assert audit.verify(session, self.id) == ()

    return Beside


def test_the_ticket_follows_a_plain_model(office, draft):
    people = {role: office.hire(role, "CG" if role is Role.DEPARTMENT else None) for role in Role}
    people |= {role: Actor(role) for role in (Role.CITIZEN, Role.BOT, Role.SYSTEM)}
    quick = settings(
        max_examples=40, stateful_step_count=10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    with office.database.write() as session:

        def new_ticket():
            return register(session, draft, {}, office.city, office.now, people[Role.BOT], None).ticket_id

        machine = machine_of(session, office.city, office.now, people, new_ticket)
        run_state_machine_as_test(machine, settings=quick)
