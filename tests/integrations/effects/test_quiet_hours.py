"""Nobody is woken (静默时段): at night a message is written at once, and rings in the morning unless it is urgent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from integrations.channels.wechat import budget
from integrations.effects import drain
from ticketing import conversations, dispatching, intake
from ticketing.conversations import Inbound
from ticketing.models import OutboxRow, Role
from ticketing.workflow import Actor

NIGHT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 23:00 in the city
MORNING = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)  # 8:00


@pytest.mark.parametrize(("urgency", "rings"), [("normal", MORNING), ("urgent", NIGHT)])
def test_a_message_at_night(house, urgency, rings):
    account = {"wechat_app_id": "wx", "wechat_token": SecretStr("t"), "wechat_app_secret": SecretStr("s")}
    unreachable = {"wechat_api_base": "http://127.0.0.1:9"}
    house = replace(house, settings=house.settings.model_copy(update=account | unreachable))
    with house.database.write() as session:
        budget.heard(session, "openid-1", NIGHT)
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
    tried = row.attempts > 0
    assert tried == (rings == NIGHT)
    assert tried or row.run_at == rings
