"""How a made-up ticket ends: called back, rated, redone, judged."""

from __future__ import annotations

from datetime import timedelta

from integrations.demo.story import Story
from ticketing.models import CallbackStatus, ExclusionStatus, Role, new_id
from ticketing.privacy import seal
from ticketing.surveys import MAX_REASON
from ticketing.workflow import MAX_REWORKS, Action, Actor

_RATINGS = (5, 4, 3, 2, 1)
_CITIZEN = Actor(Role.CITIZEN)


def end(story: Story) -> None:
    """The matter is over."""
    story.ticket["closed_at"] = story.at


def close(story: Story, actor: Actor, reason: str) -> None:
    """办结归档."""
    story.do(Action.CLOSE, actor, reason=reason)
    story.ticket["reason_code"] = reason
    end(story)


def call_back(story: Story) -> bool:
    """回访: by the link, else on the phone, else three times in vain; whether the ticket goes back to be redone."""
    world = story.world
    if story.callback is None or story.status is None or story.ticket["closed_at"]:
        return False
    caller, chance = world.actor(Role.CALLBACK), world.rng.random()
    if chance < 0.34:
        story.until(story.at + timedelta(hours=world.rng.uniform(0.2, 30)))
        return _rated(story, _CITIZEN, "citizen")
    for _ in range(world.city.survey.attempts):
        story.until(world.later(story.at, world.rng.uniform(60, 420)))
        if world.rng.random() < 0.46:
            story.attempt("phone", "reached", caller)
            return _rated(story, caller, "callback")
        story.attempt("phone", world.rng.choice(("no_answer", "no_answer", "busy")), caller)
    story.end_callback(CallbackStatus.UNREACHED)
    close(story, caller, "unreached")
    return False


def _rated(story: Story, actor: Actor, by: str) -> bool:
    world, ticket = story.world, story.ticket
    rating = _rating(story)
    bad = rating <= world.city.survey.scale // 2
    contacted = ticket["first_contact_at"] is not None or world.rng.random() < 0.25
    reason = world.word("unsatisfied")[:MAX_REASON] if bad else None
    assert story.survey is not None
    story.survey |= {
        "answered_at": story.at, "answered_by": by, "contacted": contacted if world.rng.random() < 0.96 else None,
        "resolved": world.rng.random() < (0.12 if bad else 0.9), "department_rating": rating,
        "hotline_rating": world.rng.choices(_RATINGS, (70, 20, 6, 3, 1))[0] if world.rng.random() < 0.8 else None,
        "reason_sealed": seal(world.session, reason) if reason else None,
    }  # fmt: skip
    story.end_callback(CallbackStatus.DONE)
    if not bad:
        close(story, actor, "rated")
        return False
    if ticket["rework_count"] < MAX_REWORKS:
        number = ticket["rework_count"] + 1
        story.do(Action.REWORK, actor, str(reason), rework=number, department=ticket["lead_department"])
        return True
    story.until(world.later(story.at, world.rng.uniform(200, 900)))
    exit_ = world.rng.choices(("judged", "postponed", "transferred", "satisfied"), (6, 1, 1, 2))[0]
    story.do(Action.ADJUDICATE, world.actor(Role.SUPERVISOR), world.word("adjudicate"), reason=exit_)
    ticket["reason_code"] = exit_
    _maybe_exclude(story)
    end(story)
    return False


def _rating(story: Story) -> int:
    skill = story.world.quality(story.ticket["lead_department"])
    late = story.ticket["answered_at"] > story.ticket["finish_due"]
    bad = (0.13 if not late else 0.4) * (2.1 - skill) / 1.1 * (0.6 if story.ticket["rework_count"] else 1)
    if story.world.rng.random() < bad:
        return story.world.rng.choice((1, 2))
    return story.world.rng.choices((5, 4, 3), (62, 26, 12))[0]


def _maybe_exclude(story: Story) -> None:
    """考核剔除 of what was judged to be beyond the department."""
    world, ticket = story.world, story.ticket
    me, boss = world.actor(Role.DEPARTMENT, ticket["lead_department"]), world.actor(Role.SUPERVISOR)
    if world.rng.random() < 0.4:
        return
    one = dict.fromkeys(("appeal_sealed", "appealed_by", "appealed_at", "ruled_by", "ruled_at", "ruling_sealed")) | {
        "id": new_id(), "ticket_id": story.id, "department": me.department, "status": ExclusionStatus.GRANTED.value,
        "reason_code": "policy_limit", "evidence_sealed": seal(world.session, world.word("exclusion")), "files": [],
        "asked_by": me.staff_id, "asked_at": story.at, "decided_by": boss.staff_id, "decided_at": story.at,
        "decision_sealed": seal(world.session, world.word("grant")),
    }  # fmt: skip
    story.rows["exclusion"].append(one)
    about = {"exclusion": str(one["id"]), "reason": "policy_limit", "department": me.department}
    story.note("ask_exclusion", me, world.word("exclusion"), **about, status="pending")
    story.note("grant_exclusion", boss, world.word("grant"), **about, status="granted")
