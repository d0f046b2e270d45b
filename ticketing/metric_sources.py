"""What the metrics count (指标口径的数据源): one row a ticket, a round of handling, a callback or a conversation.

Everything is read from events and kept times up to a cutoff, so a figure can be made again for any past day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from ticketing.dates import days_after
from ticketing.models import (
    Author,
    Callback,
    CallbackAttempt,
    Clock,
    Conversation,
    Exclusion,
    ExclusionStatus,
    Message,
    Survey,
    Ticket,
    TicketEvent,
)

REPEAT_DAYS, FIRST_TIME_DAYS = 30, 7
_NO_TRY = ("sent", "not_configured", "silent")
_ACCEPTED = ("accept", "dispatch", "answer_directly", "merge")
_PASSED = ("pass", "follow")
_GONE = ("return", "withdraw", "merge", "reject", "answer_directly")
_t, _e = Ticket, TicketEvent


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows matter: `start` ≤ moment < `end`, and nothing that happened after `as_of` is known.

    `cohort` says whether the moment is the registration or the metric's own.
    """

    city: str
    start: datetime
    end: datetime
    as_of: datetime
    cohort: bool


def _first(*actions: str) -> ColumnElement[Any]:
    return func.min(case((_e.action.in_(actions), _e.at)))


def _last(*actions: str) -> ColumnElement[Any]:
    return func.max(case((_e.action.in_(actions), _e.at)))


def _concerned(span: Span) -> ColumnElement[bool]:
    """The tickets that can matter: registered in the span, moved in it, or due in it without having moved."""
    if span.cohort:
        return and_(_t.registered_at >= span.start, _t.registered_at < span.end)
    moved = select(TicketEvent.ticket_id).where(TicketEvent.at >= span.start, TicketEvent.at < span.end)
    due = [and_(moment >= span.start, moment < span.end) for moment in (_t.registered_at, _t.sign_due, _t.finish_due)]
    return or_(_t.id.in_(moved), *due)


def _history(span: Span) -> CTE:
    """When the milestones of each ticket were reached."""
    closed = func.max(case((and_(_e.to_status == "closed", _e.from_status != "closed"), _e.at)))
    return (
        select(
            _e.ticket_id,
            _first(*_ACCEPTED).label("accepted_at"),
            _first("dispatch").label("dispatched_at"),
            _last("answer_directly").label("direct_at"),
            _first(*_PASSED).label("passed_at"),
            closed.label("closed_at"),
            _last("reject").label("rejected_at"),
            _last("withdraw").label("withdrawn_at"),
            _first("rework").label("reworked_at"),
        )
        .join(_t, _t.id == _e.ticket_id)
        .where(_t.city == span.city, _concerned(span), _e.at <= span.as_of)
        .group_by(_e.ticket_id)
        .cte("history")
        .prefix_with("MATERIALIZED")
    )


def _excluded(department: ColumnElement[Any], ticket_id: Any, span: Span) -> ColumnElement[bool]:
    """考核剔除: granted to this department by the cutoff."""
    granted = and_(
        Exclusion.ticket_id == ticket_id,
        Exclusion.department == department,
        Exclusion.status == ExclusionStatus.GRANTED,
        Exclusion.decided_at <= span.as_of,
    )
    return exists().where(granted)


def _of_ticket(department: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    shared: tuple[Any, ...] = (_t.kind, _t.region, _t.channel)
    return (
        _t.id.label("ticket_id"),
        department.label("department"),
        _t.registered_at.label("cohort_at"),
        _t.registered_at,
        *shared,
    )


def _again(since: Any, until: Any) -> ColumnElement[bool]:
    """Whether the same citizen asked the same department between two moments."""
    other = aliased(Ticket)
    same = and_(
        other.citizen_id == _t.citizen_id,
        other.first_department == _t.first_department,
        other.id != _t.id,
        other.registered_at >= since,
        other.registered_at <= until,
    )
    return exists().where(same)


def tickets(span: Span) -> CTE:
    """One row a ticket."""
    history = _history(span)
    department = func.coalesce(_t.lead_department, _t.first_department)
    week_over = days_after(history.c.closed_at, FIRST_TIME_DAYS)
    return (
        select(
            *_of_ticket(department),
            *(column for column in history.c if column.name != "ticket_id"),
            _t.citizen_id.is_not(None).label("named"),
            _again(days_after(_t.registered_at, -REPEAT_DAYS), _t.registered_at).label("repeated"),
            _again(history.c.closed_at, week_over).label("came_back"),
            (week_over <= span.as_of).label("week_over"),
            _excluded(department, _t.id, span).label("excluded"),
        )
        .join(history, history.c.ticket_id == _t.id)
        .cte("tickets")
        .prefix_with("MATERIALIZED")
    )


def _starts(span: Span) -> Any:
    """Each dispatch and each rework, and where the next one begins."""
    in_order: dict[str, Any] = {"partition_by": _e.ticket_id, "order_by": _e.seq}
    department = _e.data["department"].as_string()
    return (
        select(
            _e.ticket_id,
            _e.seq,
            _e.action,
            _e.at.label("started_at"),
            department.label("department"),
            func.lead(_e.seq).over(**in_order).label("next_seq"),
            func.lead(_e.at).over(**in_order).label("next_at"),
            func.lag(department).over(**in_order).label("department_before"),
        )
        .join(_t, _t.id == _e.ticket_id)
        .where(_t.city == span.city, _concerned(span), _e.at <= span.as_of, _e.action.in_(("dispatch", "rework")))
        .cte("starts")
        .prefix_with("MATERIALIZED")
    )


def _due(starts: Any, name: str, span: Span) -> Any:
    """The due time that counts at the end of a round: extensions and pauses included."""
    return (
        select(Clock.due_at)
        .where(
            Clock.ticket_id == starts.c.ticket_id,
            Clock.name == name,
            Clock.set_at >= starts.c.started_at,
            or_(starts.c.next_at.is_(None), Clock.set_at < starts.c.next_at),
            Clock.set_at <= span.as_of,
        )
        .order_by(Clock.revision.desc())
        .limit(1)
        .correlate(starts)
        .scalar_subquery()
    )


def _within(starts: Any, span: Span) -> ColumnElement[bool]:
    ends = or_(starts.c.next_seq.is_(None), _e.seq < starts.c.next_seq)
    return and_(_e.ticket_id == starts.c.ticket_id, _e.seq > starts.c.seq, ends, _e.at <= span.as_of)


def rounds(span: Span) -> CTE:
    """One row a round of handling: from a dispatch or rework to the answer that was not sent back."""
    starts = _starts(span)
    moments = (
        select(
            *starts.c,
            _first("sign").label("signed_at"),
            _last("answer").label("drafted_at"),
            _last("send_back").label("sent_back_at"),
            _first("return").label("returned_at"),
            _first(*_GONE).label("gone_at"),
        )
        .outerjoin(TicketEvent, _within(starts, span))
        .group_by(*starts.c)
        .cte("moments")
        .prefix_with("MATERIALIZED")
    )
    stands = or_(moments.c.sent_back_at.is_(None), moments.c.drafted_at > moments.c.sent_back_at)
    answered = case((stands, moments.c.drafted_at))
    return (
        select(
            *_of_ticket(moments.c.department),
            moments.c.action,
            moments.c.started_at,
            moments.c.department_before,
            moments.c.signed_at,
            moments.c.returned_at,
            moments.c.gone_at,
            answered.label("answered_at"),
            _due(moments, "sign", span).label("sign_due"),
            _due(moments, "finish", span).label("finish_due"),
            and_(_t.suspended_at.is_not(None), moments.c.next_seq.is_(None)).label("paused"),
            _excluded(moments.c.department, _t.id, span).label("excluded"),
        )
        .join(_t, _t.id == moments.c.ticket_id)
        .cte("rounds")
        .prefix_with("MATERIALIZED")
    )


def callbacks(span: Span) -> CTE:
    """One row a callback on somebody who may be asked; nothing is known of an answer after the cutoff."""
    made = exists().where(
        CallbackAttempt.callback_id == Callback.id,
        CallbackAttempt.outcome.not_in(_NO_TRY),
        CallbackAttempt.at <= span.as_of,
    )
    reached = exists().where(
        CallbackAttempt.callback_id == Callback.id,
        CallbackAttempt.outcome == "reached",
        CallbackAttempt.at <= span.as_of,
    )
    known = Survey.answered_at <= span.as_of
    department = func.coalesce(_t.lead_department, _t.first_department)
    return (
        select(
            *_of_ticket(department),
            Callback.created_at.label("asked_at"),
            case((known, Survey.answered_at)).label("rated_at"),
            case((known, Survey.contacted)).label("contacted"),
            case((known, Survey.resolved)).label("resolved"),
            case((known, Survey.department_rating)).label("department_rating"),
            case((known, Survey.hotline_rating)).label("hotline_rating"),
            Survey.scale,
            made.label("tried"),
            reached.label("reached"),
            _excluded(department, _t.id, span).label("excluded"),
        )
        .join(Callback, Callback.id == Survey.callback_id)
        .join(_t, _t.id == Survey.ticket_id)
        .where(_t.city == span.city, Callback.created_at <= span.as_of, _in_span(span, Callback.created_at))
        .cte("callbacks")
        .prefix_with("MATERIALIZED")
    )


def _in_span(span: Span, asked_at: Any) -> ColumnElement[bool]:
    if span.cohort:
        return and_(_t.registered_at >= span.start, _t.registered_at < span.end)
    inside = and_(asked_at >= span.start, asked_at < span.end)
    return or_(inside, and_(Survey.answered_at >= span.start, Survey.answered_at < span.end))


def conversations(span: Span) -> CTE:
    """One row a conversation with the bot."""
    c = Conversation
    by_person = exists().where(Message.conversation_id == c.id, Message.author == Author.OPERATOR)
    spoke = exists().where(Message.conversation_id == c.id, Message.author == Author.CITIZEN)
    ticket = exists().where(_t.conversation_id == c.id)
    quiet = c.updated_at <= span.as_of
    return (
        select(
            literal(None).label("ticket_id"),
            null().label("department"),
            null().label("kind"),
            null().label("region"),
            c.channel,
            c.opened_at.label("cohort_at"),
            c.opened_at,
            or_(c.handoff_reason.is_not(None), c.operator_id.is_not(None), by_person).label("handed"),
            or_(c.operator_id.is_not(None), by_person).label("met"),
            and_(c.flow.is_not(None), c.owner == "bot", quiet, ~ticket).label("left_midway"),
            false().label("excluded"),
        )
        .where(c.city == span.city, c.opened_at >= span.start, c.opened_at < span.end, c.opened_at <= span.as_of, spoke)
        .cte("conversations")
        .prefix_with("MATERIALIZED")
    )


SOURCES: Mapping[str, Callable[[Span], CTE]] = MappingProxyType(
    {"ticket": tickets, "round": rounds, "callback": callbacks, "conversation": conversations}
)
