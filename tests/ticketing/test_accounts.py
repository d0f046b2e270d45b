from __future__ import annotations

from datetime import timedelta

import pytest

from ticketing import accounts
from ticketing.accounts import IDLE, LIFETIME, LOCKED, MAX_FAILURES
from ticketing.errors import Conflict, Forbidden, Invalid, TooManyAttempts
from ticketing.models import Role

PASSWORD = "correct horse battery"


@pytest.fixture
def staff(sqlite, now):
    return create(sqlite, now)


def create(database, now, **changed):
    values = {"username": "liu", "display_name": "话务员", "password": PASSWORD, "role": Role.OPERATOR, "now": now}
    with database.write() as session:
        return accounts.create_staff(session, **values | changed)


def who(database, token, now):
    with database.read() as session:
        return accounts.who(session, token, now)


def test_a_log_in_is_known_by_its_token_only(sqlite, staff, now):
    signed_in = accounts.log_in(sqlite, "liu", PASSWORD, now)
    person = who(sqlite, signed_in.token, now)
    assert (person.staff_id, person.role, person.csrf) == (staff, Role.OPERATOR, signed_in.person.csrf)
    assert person.actor.staff_id == staff
    assert who(sqlite, "", now) is None
    assert who(sqlite, signed_in.token[:-1], now) is None
    accounts.check_csrf(person, signed_in.person.csrf)
    with pytest.raises(Forbidden):
        accounts.check_csrf(person, "其他")


@pytest.mark.parametrize(("name", "password"), [("liu", "wrong"), ("nobody", PASSWORD), ("", ""), ("liu", "x" * 9999)])
def test_wrong_names_and_passwords_look_the_same(sqlite, staff, now, name, password):
    assert accounts.log_in(sqlite, name, password, now) is None


def test_too_many_failures_lock_the_account_for_a_while(sqlite, staff, now):
    for _ in range(MAX_FAILURES):
        assert accounts.log_in(sqlite, "liu", "wrong", now) is None
    with pytest.raises(TooManyAttempts) as locked:
        accounts.log_in(sqlite, "liu", PASSWORD, now)
    assert locked.value.details["until"] == now + LOCKED
    assert accounts.log_in(sqlite, "liu", PASSWORD, now + LOCKED) is not None


def test_a_success_forgets_the_failures(sqlite, staff, now):
    for _ in range(3):
        for _ in range(MAX_FAILURES - 1):
            accounts.log_in(sqlite, "liu", "wrong", now)
        assert accounts.log_in(sqlite, "liu", PASSWORD, now) is not None


def test_sessions_end(sqlite, staff, now):
    token = accounts.log_in(sqlite, "liu", PASSWORD, now).token
    assert who(sqlite, token, now + IDLE) is None
    with sqlite.write() as session:
        accounts.touch(session, token, now + IDLE - timedelta(minutes=1))
    assert who(sqlite, token, now + IDLE) is not None
    assert who(sqlite, token, now + LIFETIME) is None
    with sqlite.write() as session:
        accounts.log_out(session, token)
    assert who(sqlite, token, now) is None


def test_a_closed_account_is_out_at_once(sqlite, staff, now):
    token = accounts.log_in(sqlite, "liu", PASSWORD, now).token
    with sqlite.write() as session:
        accounts.close_account(session, staff)
    assert who(sqlite, token, now) is None
    assert accounts.log_in(sqlite, "liu", PASSWORD, now) is None


def test_the_sweep_forgets_what_ran_out(sqlite, staff, now):
    token = accounts.log_in(sqlite, "liu", PASSWORD, now).token
    with sqlite.write() as session:
        accounts.sweep(session, now + IDLE)
    assert who(sqlite, token, now) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "刘"}, "username"),
        ({"username": "a b"}, "username"),
        ({"password": "short"}, "password"),
        ({"role": Role.BOT}, "role"),
        ({"role": Role.DEPARTMENT}, "role"),
        ({"department": "CG"}, "role"),
    ],
)
def test_accounts_that_make_no_sense(sqlite, now, changed, field):
    with pytest.raises(Invalid) as refused:
        create(sqlite, now, **changed)
    assert refused.value.details["field"] == field


def test_a_name_is_taken_once(sqlite, staff, now):
    with pytest.raises(Conflict):
        create(sqlite, now)
