"""A code proves a phone once, for one purpose, for ten minutes, within five tries; five a day, a minute apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from ticketing import one_time_codes
from ticketing.errors import TooManyAttempts
from ticketing.models import OneTimeCode, OutboxRow
from ticketing.one_time_codes import A_DAY, TRIES, For
from ticketing.privacy import unseal_json

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PHONE = "13800000001"
MINUTE = timedelta(minutes=1)


def _send(database, at=NOW, phone=PHONE, purpose=For.PROGRESS) -> str:
    with database.write() as session:
        one_time_codes.send(session, phone, purpose, at)
        newest = select(OutboxRow).order_by(OutboxRow.created_at.desc(), OutboxRow.id.desc()).limit(1)
        return unseal_json(session, session.scalars(newest).one().payload_sealed)["blanks"]["code"]


def _proves(database, code, at=NOW, phone=PHONE, purpose=For.PROGRESS) -> bool:
    with database.write() as session:
        return one_time_codes.proves(session, phone, purpose, code, at)


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_is_used_once_and_stored_nowhere(database):
    code = _send(database)
    assert _proves(database, f" {code} ")
    assert not _proves(database, code)
    with database.read() as session:
        row = session.scalars(select(OneTimeCode)).one()
        assert code.encode() not in row.code_mac
        payload = session.scalars(select(OutboxRow)).one().payload
    assert code not in str(payload) and PHONE not in str(payload)


@pytest.mark.parametrize(
    "change", [{"phone": "13800000002"}, {"purpose": For.BINDING}, {"at": NOW + one_time_codes.LIFE}]
)
def test_another_phone_purpose_or_time(database, change):
    assert not _proves(database, _send(database), **change)


def test_too_many_wrong_tries_spoil_it(database):
    code = _send(database)
    assert [_proves(database, _other(code)) for _ in range(TRIES)] == [False] * TRIES
    assert not _proves(database, code)


def test_the_newest_counts(database):
    first = _send(database)
    second = _send(database, NOW + MINUTE)
    assert first == second or not _proves(database, first, NOW + MINUTE)
    assert _proves(database, second, NOW + MINUTE)


def test_a_minute_apart_and_five_a_day(database):
    _send(database)
    with pytest.raises(TooManyAttempts):
        _send(database, NOW + MINUTE - timedelta(seconds=1), purpose=For.BINDING)
    for n in range(1, A_DAY):
        _send(database, NOW + n * MINUTE)
    with pytest.raises(TooManyAttempts):
        _send(database, NOW + timedelta(hours=5))
    _send(database, NOW + timedelta(hours=25))
    _send(database, NOW, phone="13800000002")
