"""Events become deliveries on both databases, once each, in the transaction they happen in."""

from __future__ import annotations

import json

import pytest

from ticketing import dispatching, jobs, webhooks
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.models import HookStatus
from ticketing.webhooks import Topic

URL = "https://receiver.example/hook"


def register(office, url=URL, topics=(Topic.REGISTERED, Topic.DISPATCHED), **changed):
    given = {"city": "ordos", "name": "省平台", "by": office.supervisor.staff_id, "now": office.now, "plain": False}
    return office.on(webhooks.register, url=url, topics=topics, **given | changed)


def log(office, hook):
    return office.on(webhooks.deliveries, hook)


def test_an_event_is_told_once_to_each_who_chose_it(everywhere):
    office = everywhere
    hook, _ = register(office)
    other, _ = register(office, URL + "/2", (Topic.CLOSED,))
    operator, made = office.operator, office.register(key="same")
    assert office.register(key="same").ticket_id == made.ticket_id
    with pytest.raises(RuntimeError), office.database.write() as session:
        dispatching.dispatch(session, office.city, made.ticket_id, operator, office.now, lead_department="CG")
        raise RuntimeError  # what was not committed did not happen
    assert [one.topic for one in log(office, hook)] == [Topic.REGISTERED]
    assert log(office, other) == ()
    told = json.loads(log(office, hook)[0].body)
    assert told["data"]["number"] == made.number and told["data"]["kind"] == "投诉"
    assert [job.kind for job in office.on(jobs.claim, office.now, limit=9, kinds=frozenset({"webhook"}))] == ["webhook"]


def test_a_delivery_is_repeated_under_its_id_and_stops_with_its_address(everywhere):
    office = everywhere
    hook, secret = register(office)
    office.register()
    (one,) = log(office, hook)
    (job,) = office.on(jobs.claim, office.now, limit=9, kinds=frozenset({"webhook"}))
    assert office.on(webhooks.parcel, one.id, office.now).keys == (secret,)
    office.on(webhooks.note, one.id, HookStatus.DELIVERED, office.now, 204, None)
    office.on(jobs.done, job, office.now)
    office.on(webhooks.replay, "ordos", hook, one.id, office.now)
    assert log(office, hook)[0].status is HookStatus.WAITING
    (again,) = office.on(jobs.claim, office.now, limit=9, kinds=frozenset({"webhook"}))
    assert (again.id, again.payload) == (job.id, job.payload)
    office.on(webhooks.stop, "ordos", hook, office.now)
    assert office.on(webhooks.parcel, one.id, office.now) is None
    with pytest.raises(NotFound):
        office.on(webhooks.replay, "ordos", hook, one.id, office.now)
    assert register(office)[0] != hook  # a stopped address can be registered anew


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"url": "http://receiver.example/"}, "webhook_url"), ({"url": "https://"}, "webhook_url"),
        ({"url": "https://a:b@receiver.example/"}, "webhook_url"), ({"url": "https://r.example:99999/"}, "webhook_url"),
        ({"url": "https://receiver.example/#x"}, "webhook_url"), ({"url": "https://r.example/\r\nX: y"}, "webhook_url"),
        ({"url": URL + "x" * 500}, "webhook_url"), ({"url": "https://[::1/"}, "webhook_url"),
        ({"topics": ()}, "webhook_topics"), ({"topics": ("gossip",)}, "webhook_topics"),
        ({"name": " "}, "webhook_name"),
    ],
)  # fmt: skip
def test_an_address_that_does_not_fit_is_refused(office, changed, code):
    with pytest.raises(Invalid) as refused:
        register(office, **changed)
    assert refused.value.code == code


def test_an_address_is_there_once(office):
    register(office)
    with pytest.raises(Conflict):
        register(office)
