"""What is written into a conversation goes on to where it is read (转发): WeChat and texts do not come to look."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.channels.sms import outgoing as sms
from integrations.channels.wechat import outgoing as wechat


def forward(
    session: Session, conversation_id: UUID, seq: int, now: datetime, *, run_at: datetime | None = None
) -> bool:
    """Ask for a stored message to be sent, where its channel has to be told; in the transaction that stored it."""
    return wechat.forward(session, conversation_id, seq, now, run_at=run_at) or sms.forward(
        session, conversation_id, seq, now, run_at=run_at
    )
