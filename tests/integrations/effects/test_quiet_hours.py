"""Nobody is woken (静默时段): at night a message is written at once, and rings in the morning unless it is urgent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from integrations.effects import drain
from ticketing import conversations, dispatching, intake
from ticketing.conversations import Inbound
from ticketing.models import OutboxRow, Role
from ticketing.workflow import Actor

NIGHT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 23:00 in the city
MORNING = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)  # 8:00


@pytest.mark.parametrize(("urgency", "rings"), [("normal", MORNING), ("urgent", NIGHT)])
def test_a_message_at_night(house, urgency, rings):
    with house.database.write() as session:
        told = Inbound("wechat", "openid-1", "路灯不亮", "m1", house.city.code)
        conversation = conversations.record(session, told, NIGHT).conversation.id
        draft = intake.AppealDraft(
            kind="投诉", content="路灯不亮", place=None, region=None, happened=None, phone=None, name=None,
            anonymous=False, confidential=False, wants_reply=True, channel="wechat", conversation_id=conversation,
            city=house.city.code,
        )  # fmt: skip
        made = intake.register(session, draft, {"urgency": urgency}, house.city, NIGHT, Actor(Role.BOT), None)
        actor = Actor(Role.DISPATCHER)
        dispatching.dispatch(session, house.city, made.ticket_id, actor, NIGHT, lead_department="CG")
    drain(house, lambda: NIGHT)
    with house.database.read() as session:
        (row,) = session.scalars(select(OutboxRow).where(OutboxRow.kind == "wechat_message"))
    assert (row.run_at or row.done_at) == rings
