"""Live updates (实时推送): “something newer is there”, carrying ids and sequence numbers only.

Readers fetch the rows after the last sequence they have, so a lost or doubled push costs nothing. Within a process
pushes go through memory; with `REDIS_URL` they reach the other processes too.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import redis
import structlog

log = structlog.get_logger()
_CHANNEL = "hotline:live"
_TIMEOUT = 5.0
_LONGEST_PAUSE = 10.0


class Subscription:
    """The pushes of some topics for one reader; a slow reader sees only the newest number of each topic."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._newest: dict[str, int] = {}
        self._event = asyncio.Event()
        self._closed = False

    def push(self, topic: str, seq: int) -> None:
        """Tell the reader; callable from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._note, topic, seq)
        except RuntimeError:
            self._closed = True  # the reader's loop has ended, and the reader with it

    def close(self) -> None:
        """End the reader's iteration; only from its own loop."""
        self._closed = True
        self._event.set()

    def _note(self, topic: str, seq: int) -> None:
        self._newest[topic] = max(seq, self._newest.get(topic, seq))
        self._event.set()

    async def __aiter__(self) -> AsyncIterator[tuple[str, int]]:
        while not self._closed:
            await self._event.wait()
            self._event.clear()
            newest, self._newest = self._newest, {}
            for topic, seq in newest.items():
                yield topic, seq


class Hub:
    """Where pushes meet their readers."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._readers: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._lock = threading.Lock()
        self._relay = Relay(redis_url, self._deliver) if redis_url else None

    def publish(self, topic: str, seq: int = 0, *, besides: Subscription | None = None) -> None:
        """Say that a topic has something newer (to all `besides` the one who knows); never blocks, any thread."""
        self._deliver(topic, seq, besides)
        if self._relay is not None:
            self._relay.send(topic, seq)

    @contextmanager
    def subscribe(self, *topics: str) -> Iterator[Subscription]:
        """The pushes of these topics, for the running loop, until the block ends."""
        subscription = Subscription(asyncio.get_running_loop())
        with self._lock:
            for topic in topics:
                self._readers[topic].add(subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                for topic in topics:
                    self._readers[topic].discard(subscription)
                    if not self._readers[topic]:
                        del self._readers[topic]

    def start(self) -> None:
        """Connect to the other processes, if there are any."""
        if self._relay is not None:
            self._relay.start()

    def stop(self) -> None:
        """Let go of the other processes."""
        if self._relay is not None:
            self._relay.stop()

    def _deliver(self, topic: str, seq: int, besides: Subscription | None = None) -> None:
        with self._lock:
            readers = tuple(self._readers.get(topic, ()))
        for reader in readers:
            if reader is not besides:
                reader.push(topic, seq)


class Relay:
    """Carries pushes between processes by Redis; while Redis is away a process still tells its own readers."""

    def __init__(self, url: str, deliver: Callable[[str, int], None]) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, health_check_interval=15
        )
        self._deliver = deliver
        self._origin = uuid.uuid4().hex
        self._outgoing: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, topic: str, seq: int) -> None:
        """Queue one push for the other processes."""
        self._outgoing.put(f"{self._origin}|{seq}|{topic}")

    def start(self) -> None:
        """Start sending and listening, each in a thread of its own."""
        for work in (self._send_all, self._listen_on):
            thread = threading.Thread(target=work, name=f"live{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End both threads."""
        self._stopping.set()
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join(_TIMEOUT)
        self._client.close()

    def _send_all(self) -> None:
        while (push := self._outgoing.get()) is not None:
            try:
                self._client.publish(_CHANNEL, push)
            except redis.RedisError as error:
                log.warning("live_push_lost", error=str(error))

    def _listen_on(self) -> None:
        pause = 0.2
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._listen()
            except redis.RedisError as error:
                log.warning("live_listener_down", error=str(error))
            pause = 0.2 if time.monotonic() - started > _LONGEST_PAUSE else min(pause * 2, _LONGEST_PAUSE)
            self._stopping.wait(pause)

    def _listen(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(_CHANNEL)
            while not self._stopping.is_set():
                message = channel.get_message(timeout=0.5)
                if message is not None:
                    self._hear(message["data"].decode())

    def _hear(self, push: str) -> None:
        origin, seq, topic = push.split("|", 2)
        if origin != self._origin:
            self._deliver(topic, int(seq))
