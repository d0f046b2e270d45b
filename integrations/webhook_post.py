"""One request to a stranger's server (推送请求): no redirect is followed, no address inside a network is reached.

The addresses a name stands for are looked at, and exactly those are connected to: a name that changes its mind between
the look and the call changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64: an IPv4 address in its last 32 bits


class PostFailed(Exception):
    """The delivery did not arrive; the text names why in a word, `status` is the receiver's answer if there was one."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class PublicOnly(AbstractResolver):
    """Names as the system resolves them, without the addresses that are not the public network's."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name; all of them must be public, a mixed answer is a trick."""
        found = await self._system.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise PostFailed("address_refused")
        return found

    async def close(self) -> None:
        """Nothing is held."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public network, as itself and as what is wrapped in it."""
    wrapped = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    return wrapped.is_global and not wrapped.is_multicast and not wrapped.is_reserved


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def post(url: str, body: str, headers: Mapping[str, str], *, private: bool) -> int:
    """Send once and return the receiver's status, 200 to 299; raises `PostFailed` for everything else."""
    return asyncio.run(_post(url, body, headers, private=private))


async def _post(url: str, body: str, headers: Mapping[str, str], *, private: bool) -> int:
    if not private:
        _refuse_literal(urlsplit(url).hostname or "")
    connector = aiohttp.TCPConnector(resolver=None if private else PublicOnly(), use_dns_cache=False)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as client,
            client.post(url, data=body.encode(), headers=dict(headers), allow_redirects=False) as response,
        ):
            status = response.status
    except TimeoutError as error:
        raise PostFailed("timeout") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise PostFailed(type(error).__name__) from error
    if not 200 <= status < 300:
        raise PostFailed("redirect_refused" if 300 <= status < 400 else "http_status", status)
    return status


def _refuse_literal(host: str) -> None:
    """An address instead of a name passes no resolver."""
    try:
        public = is_public(host)
    except ValueError:
        return  # a name
    if not public:
        raise PostFailed("address_refused")
