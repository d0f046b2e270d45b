"""Limits on how often one visitor may do something, kept in memory."""

from __future__ import annotations

import time
from collections import OrderedDict

from aiohttp import web


class Buckets:
    """Token buckets by key: `burst` at once, then `per_second`; the least recently used keys are forgotten."""

    def __init__(self, *, burst: float, per_second: float, most: int = 20_000) -> None:
        self._burst, self._per_second, self._most = burst, per_second, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, key: str) -> bool:
        """Take one token of the key's bucket, if there is one."""
        now = time.monotonic()
        tokens, since = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return allowed


def visitor(request: web.Request) -> str:
    """The visitor's address; behind a proxy on this machine, the address that proxy saw."""
    remote = request.remote or ""
    if remote in {"127.0.0.1", "::1"}:
        return request.headers.get("X-Forwarded-For", remote).rsplit(",", 1)[-1].strip()[:64]
    return remote
