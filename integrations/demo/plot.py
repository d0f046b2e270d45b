"""What happens to a made-up ticket, from its registration to wherever it has come by now."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.demo import ending
from integrations.demo.story import SYSTEM, NotYet, Story
from ticketing.clocks import ClockName
from ticketing.deadlines import due
from ticketing.models import PromiseStatus, Role, SupervisionStatus, new_id
from ticketing.privacy import seal
from ticketing.workflow import Action, Actor

_RATINGS = (5, 4, 3, 2, 1)
_CITIZEN = Actor(Role.CITIZEN)


def live(story: Story) -> None:
    """Let the ticket live until the present."""
    try:
        _live(story)
    except NotYet:
        return


def _live(story: Story) -> None:
    world, chance = story.world, story.world.rng.random()
    urgent = story.matter.urgency != "normal"
    story.until(story.at + timedelta(minutes=world.rng.uniform(1, 4 if urgent else 28) * (1 if chance < 0.97 else 3)))
    front = world.actor(Role.DISPATCHER)
    if chance < 0.02 and not urgent:
        _reject(story, front)
    elif chance < (0.75 if story.matter.kind == "咨询" else 0.1):
        _answer_directly(story, world.actor(Role.OPERATOR))
    else:
        _transfer(story, front)


def _reject(story: Story, front: Actor) -> None:
    reason = story.world.rng.choice(("court", "petition", "disclosure", "outside"))
    story.do(Action.REJECT, front, story.world.word("reject"), reason=reason, outlet=None)
    story.ticket["reason_code"] = reason
    ending.end(story)


def _answer_directly(story: Story, operator: Actor) -> None:
    story.do(Action.ANSWER_DIRECTLY, operator)
    _write_answer(story, story.world.word("direct"), "explained")
    ending.end(story)


def _write_answer(story: Story, answer: str, outcome: str) -> None:
    sealed = seal(story.world.session, answer)
    story.ticket |= {"answer_sealed": sealed, "answered_at": story.at, "outcome_code": outcome}


def _transfer(story: Story, front: Actor) -> None:
    rng, department = story.world.rng, story.matter.department
    story.do(Action.ACCEPT, front)
    story.until(story.at + timedelta(seconds=rng.uniform(20, 300)))
    if story.matter.also and rng.random() < 0.05:
        _dispatch(story, front, story.matter.also[0])
        _return(story, story.matter.also[0])
    _dispatch(story, front, department)
    if rng.random() < 0.02:
        story.until(story.world.later(story.at, rng.uniform(30, 600)))
        story.do(Action.WITHDRAW, story.world.actor(Role.OPERATOR), story.world.word("withdraw"))
        return ending.end(story)
    _handle(story)
    while ending.call_back(story):
        _rework(story)
    return None


def _dispatch(story: Story, front: Actor, department: str) -> None:
    ticket = story.ticket
    ticket["lead_department"] = department
    ticket["first_department"] = ticket["first_department"] or department
    data = {"department": department, "assisting": [], "profile": ticket["profile"]}
    if story.lead is not None:
        data["returned"] = {"from": story.lead["department"], "reason": "not_ours"}
    story.do(Action.DISPATCH, front, **data)
    story.units_clocks(Action.DISPATCH)
    story.give(department)


def _return(story: Story, department: str) -> None:
    """退单: asked by the department, agreed to by the hotline."""
    world, ticket = story.world, story.ticket
    asker, reviewer = world.actor(Role.DEPARTMENT, department), world.actor(Role.REVIEWER)
    story.until(world.later(story.at, world.rng.uniform(20, 150)))
    request = _ask(story, asker, "return", "not_ours", world.word("return"), basis=world.word("return_basis"))
    story.until(world.later(story.at, world.rng.uniform(10, 180)))
    _agree(story, request, reviewer)
    story.do(
        Action.RETURN, reviewer, world.word("return"), department=department, reason="not_ours", kind=story.matter.kind
    )
    assert story.lead
    story.lead["ended_at"] = story.at
    ticket["return_count"] += 1
    ticket |= dict.fromkeys(
        ("lead_department", "unit_id", "handler_id", "sign_due", "finish_due", "dispatched_at", "signed_at")
    )
    story.clock(ClockName.DISPATCH, world.city.dispatch_limit(story.matter.urgency), Action.RETURN)
    story.until(story.at + timedelta(minutes=world.rng.uniform(2, 25)))


def _ask(story: Story, asker: Actor, kind: str, reason: str, note: str, basis: str | None = None) -> dict[str, object]:
    steps = story.world.city.steps
    limit = steps.return_review if kind == "return" else steps.request_review
    request: dict[str, object] = dict.fromkeys(_UNDECIDED) | {
        "id": new_id(), "ticket_id": story.id, "kind": kind, "status": "pending", "department": asker.department,
        "asked_by": asker.staff_id, "asked_role": asker.role.value, "asked_at": story.at,
        "due_at": story.clock(ClockName.REQUEST, limit, "request").at, "reason_code": reason, "basis": basis,
        "note_sealed": seal(story.world.session, f'{{"note": "{note}", "interim": null}}'), "details": {},
    }  # fmt: skip
    story.rows["request"].append(request)
    story.note(
        "request", asker, note, request=str(request["id"]), kind=kind, reason=reason, department=asker.department
    )
    return request


_UNDECIDED = [
    "to_department",
    "until",
    "decided_by",
    "decided_at",
    "decision_sealed",
    "told_at",
    "effective_at",
    "ended_at",
]


def _agree(story: Story, request: dict[str, object], reviewer: Actor) -> None:
    data = {"request": str(request["id"]), "kind": request["kind"], "reason": request["reason_code"]}
    story.note("approve", reviewer, **data, department=request["department"])
    request |= {"status": "effective", "decided_by": reviewer.staff_id, "decided_at": story.at}
    request |= {"effective_at": story.at, "told_at": story.at}


def _handle(story: Story) -> None:
    """签收 → 联系 → 答复 → 审核 → 回访, as often as it takes."""
    world, ticket = story.world, story.ticket
    me = world.actor(Role.DEPARTMENT, ticket["lead_department"])
    given, quality = story.at, world.quality(ticket["lead_department"])
    slow = world.rng.random() > 0.965 * min(quality, 1)
    story.until(
        world.between(given, ticket["sign_due"], world.rng.uniform(1.05, 1.6) if slow else world.rng.uniform(0.05, 0.9))
    )
    story.do(Action.SIGN, me)
    ticket |= {"signed_at": story.at, "handler_id": me.staff_id}
    assert story.lead
    story.lead |= {"signed_at": story.at, "signed_by": me.staff_id}
    _contact(story, me)
    _maybe_extend(story, me)
    _answer(story, me, given, quality)
    _review(story, me)


def _contact(story: Story, me: Actor) -> None:
    world = story.world
    if world.rng.random() < 0.12:
        return  # nobody called: the citizen will say so
    story.until(world.later(story.at, world.rng.uniform(5, 200)))
    story.note(
        "contact",
        me,
        world.word("contact"),
        channel="phone",
        first=story.ticket["first_contact_at"] is None,
        late=False,
    )
    story.ticket["first_contact_at"] = story.ticket["first_contact_at"] or story.at


def _maybe_extend(story: Story, me: Actor) -> None:
    world, profile = story.world, story.world.city.profiles[story.ticket["profile"]]
    if profile.extension is None or profile.finish.unit != "wd" or world.rng.random() > 0.05:
        return
    asked = world.between(story.at, story.ticket["finish_due"], 0.5)
    story.until(asked)
    request = _ask(story, me, "extension", "site_check", world.word("extension"))
    story.until(min(world.later(story.at, world.rng.uniform(20, 200)), story.ticket["finish_due"]))
    _agree(story, request, world.actor(Role.REVIEWER))
    found = due(world.city.calendar, story.ticket["finish_due"], profile.extension)
    story.move(ClockName.FINISH, found, "extension", story.at)
    story.note("take_effect", SYSTEM, request=str(request["id"]), kind="extension", until=found.at.isoformat())
    story.ticket["finish_due"] = found.at
    assert story.lead
    story.lead["due_at"] = found.at


def _answer(story: Story, me: Actor, given: datetime, quality: float) -> None:
    world, ticket = story.world, story.ticket
    late = world.rng.random() > 0.955 * min(quality, 1.02)
    share = world.rng.uniform(1.05, 2.6) if late else min(world.rng.betavariate(4, 2), 0.97)
    if late and world.rng.random() < 0.4:
        _supervise(story, me)
    if world.rng.random() < 0.06:
        _urge(story)
    story.until(max(world.between(given, ticket["finish_due"], share), story.at + timedelta(minutes=5)))
    promised = story.matter.kind in ("投诉", "建议") and world.rng.random() < 0.03
    answer = world.word("promise_answer" if promised else "answer")
    outcome = (
        "partly"
        if promised
        else world.rng.choices(("solved", "explained", "partly", "not_possible"), (62, 24, 9, 5))[0]
    )
    story.do(Action.ANSWER, me, outcome=outcome)
    _write_answer(story, answer, outcome)
    story.clock(ClockName.REVIEW, world.city.steps.review, Action.ANSWER)
    assert story.lead
    story.lead["done_at"] = story.at
    if promised:
        _promise(story, me)


def _promise(story: Story, me: Actor) -> None:
    world = story.world
    due_at = world.city.calendar.closing((story.at + timedelta(days=world.rng.uniform(20, 120))).date())
    status, checked = PromiseStatus.OPEN, None
    if due_at + timedelta(days=2) < world.until:
        status, checked = (
            world.rng.choices((PromiseStatus.KEPT, PromiseStatus.BROKEN), (8, 2))[0],
            due_at + timedelta(days=1),
        )
    story.rows["promise"].append({
        "id": new_id(), "ticket_id": story.id, "department": me.department, "status": status.value,
        "text_sealed": seal(world.session, world.word("promise")), "due_at": due_at, "made_at": story.at,
        "made_by": me.staff_id, "attempts": 1 if checked else 0, "checked_at": checked,
        "checked_by": world.actor(Role.CALLBACK).staff_id if checked else None, "note_sealed": None,
    })  # fmt: skip
    story.note("promise", me, world.word("promise"), department=me.department, due=due_at.isoformat())


def _urge(story: Story) -> None:
    world = story.world
    story.until(story.at + timedelta(hours=world.rng.uniform(2, 20)))
    story.rows["urge"].append({
        "id": new_id(), "ticket_id": story.id, "at": story.at, "by_role": Role.CITIZEN.value, "staff_id": None,
        "department": story.ticket["lead_department"], "note_sealed": seal(world.session, world.word("urge")),
    })  # fmt: skip
    story.note("urge", _CITIZEN, world.word("urge"), count=1)


def _supervise(story: Story, me: Actor) -> None:
    """督办 of a late ticket, sometimes on the spot."""
    world, boss = story.world, story.world.actor(Role.SUPERVISOR)
    story.until(world.later(max(story.ticket["finish_due"], story.at), world.rng.uniform(5, 60)))
    level = world.rng.choices(("general", "key", "leader"), (7, 2, 1))[0]
    due_at = due(world.city.calendar, story.at, world.city.watch.levels[level]).at
    one = dict.fromkeys(("proof_sealed", "proved_by", "proved_at", "ended_by", "ended_at", "end_note_sealed")) | {
        "id": new_id(), "ticket_id": story.id, "level": level, "status": SupervisionStatus.OPEN.value,
        "department": me.department, "owner": world.word("owner"), "issued_by": boss.staff_id,
        "issued_at": story.at, "due_at": due_at, "instruction_sealed": seal(world.session, world.word("supervise")),
        "proof_files": [],
    }  # fmt: skip
    story.rows["supervision"].append(one)
    about = {
        "supervision": str(one["id"]),
        "level": level,
        "department": me.department,
        "owner": one["owner"],
        "due": due_at.isoformat(),
    }
    story.note("supervise", boss, world.word("supervise"), **about, status="open")
    story.until(world.between(story.at, due_at, world.rng.uniform(0.2, 0.95)))
    if world.rng.random() < 0.25:
        _visit(story, boss, one)
    one |= {"proof_sealed": seal(world.session, world.word("prove")), "proved_by": me.staff_id, "proved_at": story.at}
    one["status"] = SupervisionStatus.PROVED.value
    story.note("prove", me, world.word("prove"), **about, status="proved")
    story.until(world.later(story.at, world.rng.uniform(10, 120)))
    one |= {
        "ended_by": boss.staff_id,
        "ended_at": story.at,
        "end_note_sealed": seal(world.session, world.word("end_supervision")),
    }
    one["status"] = SupervisionStatus.ENDED.value
    story.note("end_supervision", boss, world.word("end_supervision"), **about, status="ended")


def _visit(story: Story, boss: Actor, one: dict[str, object]) -> None:
    world, session = story.world, story.world.session
    people, result = world.word("visit_people"), world.word("visit_result")
    story.rows["site_visit"].append({
        "id": new_id(), "ticket_id": story.id, "supervision_id": one["id"], "visited_at": story.at,
        "recorded_at": story.at, "recorded_by": boss.staff_id, "people": people, "files": [],
        "place_sealed": seal(session, world.word("visit_place")), "result_sealed": seal(session, result),
    })  # fmt: skip
    story.note("visit", boss, result, visited_at=story.at.isoformat(), people=people, files=[])


def _review(story: Story, me: Actor) -> None:
    world, reviewer = story.world, story.world.actor(Role.REVIEWER)
    story.until(world.later(story.at, world.rng.uniform(10, 240)))
    if world.rng.random() < 0.05:
        story.do(Action.SEND_BACK, reviewer, world.word("send_back"))
        story.ticket["answered_at"] = None
        story.until(world.later(story.at, world.rng.uniform(30, 300)))
        story.do(Action.ANSWER, me, outcome=story.ticket["outcome_code"])
        story.ticket["answered_at"] = story.at
        story.clock(ClockName.REVIEW, world.city.steps.review, Action.ANSWER)
        story.until(world.later(story.at, world.rng.uniform(10, 240)))
    story.ticket["reviewer_id"] = reviewer.staff_id
    story.do(Action.PASS, reviewer, round=story.ticket["rework_count"] + 1)
    if story.ticket["anonymous"] or not story.ticket["wants_reply"]:
        return ending.close(story, SYSTEM, "anonymous" if story.ticket["anonymous"] else "no_reply_wanted")
    return story.begin_callback()


def _rework(story: Story) -> None:
    """重办: the same department once more, with new clocks."""
    ticket = story.ticket
    ticket |= {"rework_count": ticket["rework_count"] + 1, "signed_at": None, "answered_at": None}
    story.callback = None
    story.units_clocks(Action.REWORK)
    assert story.lead
    story.lead |= dict.fromkeys(("done_at", "signed_at", "signed_by")) | {"due_at": ticket["finish_due"]}
    _handle(story)
