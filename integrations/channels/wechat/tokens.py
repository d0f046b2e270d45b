"""The access token (access_token): one for all processes, asked for by one of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from integrations.channels.wechat.account import Account
from integrations.database.engine import Database
from ticketing.errors import Unavailable
from ticketing.models import ProviderToken
from ticketing.privacy import seal, unseal
from ticketing.statements import dialect_of, insert_or_skip, table_of

_TOKEN = table_of(ProviderToken)
_t = _TOKEN.c
_MAKE = insert_or_skip(_TOKEN, "name", returning=[_t.name])
_LONGEST = 7200
_EARLY = timedelta(minutes=5)  # WeChat lets the old token live five minutes beside the new one
_LEASE = timedelta(seconds=15)
_WAIT = 0.1
_TRIES = 150

Fetch = Callable[[], Any]


async def access_token(
    database: Database, account: Account, fetch: Fetch, now: Callable[[], datetime], refused: str | None = None
) -> str:
    """A token that holds; `refused` is one that WeChat no longer takes, whatever its time says.

    `await fetch()` asks WeChat and gives the token and its seconds.
    """
    name = f"wechat:{account.app_id}"
    for _ in range(_TRIES):
        held = await database.reading(_current, name)
        if held is not None and held[0] != refused and held[1] > now() + _EARLY:
            return held[0]
        if await database.writing(_lease, name, refused, now()):
            return await _refresh(database, name, fetch, now)
        if held is not None and held[0] != refused and held[1] > now():
            return held[0]
        await asyncio.sleep(_WAIT)
    raise Unavailable("wechat_token")


async def _refresh(database: Database, name: str, fetch: Fetch, now: Callable[[], datetime]) -> str:
    try:
        token, seconds = await fetch()
    except BaseException:
        await database.writing(_store, name, None, None)
        raise
    await database.writing(_store, name, token, now() + timedelta(seconds=min(seconds, _LONGEST)))
    return token


def _current(session: Session, name: str) -> tuple[str, datetime] | None:
    row = session.execute(select(_t.token_sealed, _t.expires_at).where(_t.name == name)).first()
    return (unseal(session, row.token_sealed), row.expires_at) if row and row.token_sealed else None


def _lease(session: Session, name: str, refused: str | None, now: datetime) -> bool:
    """Become the refresher, unless another one is, or was faster."""
    session.execute(_MAKE[dialect_of(session)], {"name": name})
    free = or_(_t.lease_until.is_(None), _t.lease_until <= now)
    leased = update(_TOKEN).where(_t.name == name, free).values(lease_until=now + _LEASE).returning(_t.name)
    if session.execute(leased).first() is None:
        return False
    held = _current(session, name)
    if held is not None and held[0] != refused and held[1] > now + _EARLY:
        session.execute(update(_TOKEN).where(_t.name == name).values(lease_until=None))
        return False
    return True


def _store(session: Session, name: str, token: str | None, expires_at: datetime | None) -> None:
    """Keep the new token, if there is one, and let go of the lease."""
    kept = {"token_sealed": seal(session, token), "expires_at": expires_at} if token else {}
    session.execute(update(_TOKEN).where(_t.name == name).values(lease_until=None, **kept))
