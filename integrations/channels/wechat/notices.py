"""Subscription notices (长期订阅通知): what citizens accept, and one notice about a matter outside the 48 hours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.pack import pack_of
from integrations.channels.wechat import budget
from integrations.channels.wechat.account import Account
from integrations.channels.wechat.api import ApiError, calling
from integrations.channels.wechat.messages import Incoming
from ticketing import deliveries, jobs
from ticketing.jobs import Job

log = structlog.get_logger()
WECHAT_NOTICE = "wechat_notice"
_GIVE_UP = 5
_REFUSED = 43101
_REASONS = {_REFUSED: "not_accepted", 40037: "notice_invalid", 47003: "notice_invalid", 41030: "notice_invalid"}
_LONGEST = {"thing": 20, "phrase": 5, "name": 10, "const": 20, "character_string": 32, "number": 32, "time": 32}
_MOST = 20


def wishes(incoming: Incoming) -> dict[str, bool]:
    """What a citizen chose in WeChat's own dialogue or settings, by template."""
    found: dict[str, bool] = {}
    for place in range(1, _MOST + 1):
        suffix = f".{place}" if place > 1 else ""
        template = incoming.field(f"TemplateId{suffix}", 64)
        said = incoming.field(f"SubscribeStatusString{suffix}", 20)
        if template and said:
            found[template] = said == "accept"
    return found


def notify(
    session: Session, openid: str, delivery_id: UUID, blanks: Mapping[str, str], now: datetime, *, run_at: datetime
) -> bool:
    """Ask for a notice, once a delivery."""
    payload, secret = {"delivery": str(delivery_id)}, {"openid": openid, "blanks": dict(blanks)}
    return jobs.enqueue(
        session, WECHAT_NOTICE, f"{WECHAT_NOTICE}:{delivery_id}", payload, now, run_at=run_at, secret=secret
    )


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Send it; what WeChat will not carry goes another way."""
    account, notice = Account.of(house.settings), pack_of(house.settings.city).notice
    delivery_id, blanks = UUID(job.payload["delivery"]), job.secret["blanks"]
    if account is None or not account.secret or not notice.template:
        _failed(house, delivery_id, "not_configured", now)
        return
    fields = {name: fitted(name, blanks[blank]) for name, blank in notice.fields.items()}
    openid = job.secret["openid"]
    try:
        asyncio.run(_call(house, account, openid, notice.template, blanks["progress"], fields))
    except ApiError as error:
        reason = _REASONS.get(error.code) or error.closed
        if reason is None and job.attempts < _GIVE_UP:
            raise
        if error.code == _REFUSED:
            with house.database.write() as session:
                budget.subscribe(session, openid, {notice.template: False})
        _failed(house, delivery_id, reason or "unavailable", now)
        return
    with house.database.write() as session:
        deliveries.sent(session, delivery_id, WECHAT_NOTICE, now)


def fitted(name: str, value: str) -> str:
    """A value as long as WeChat allows this kind of field."""
    most = _LONGEST.get(name.rstrip("0123456789"), 20)
    return value if len(value) <= most else value[: most - 1] + "…"


def _failed(house: House, delivery_id: UUID, reason: str, now: datetime) -> None:
    log.warning("wechat_notice_failed", delivery=str(delivery_id), reason=reason)
    with house.database.write() as session:
        deliveries.failed(session, delivery_id, WECHAT_NOTICE, reason, now)


async def _call(
    house: House, account: Account, openid: str, template: str, page: str, fields: Mapping[str, str]
) -> None:
    async with calling(account, house.database, lambda: datetime.now(UTC)) as api:
        await api.send_notice(openid, template, page, fields)
