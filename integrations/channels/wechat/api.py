"""WeChat's server as we call it: every call with a timeout, every errcode looked at, a refused token renewed once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from integrations.channels.wechat.account import Account
from integrations.channels.wechat.tokens import access_token
from integrations.database.engine import Database
from ticketing.errors import Invalid
from ticketing.file_types import MAX_FILE

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_MEDIA_TIMEOUT = aiohttp.ClientTimeout(total=45)
_MEDIA_HOSTS = (".qq.com", ".qpic.cn", ".weixin.qq.com")
_TOKEN_REFUSED = frozenset({40001, 40014, 42001})
CLOSED = {45015: "window", 45047: "budget", 43004: "unsubscribed", 40003: "openid"}


class ApiError(Exception):
    """WeChat answered with an errcode; `closed` says why this citizen cannot be reached, if that is what it means."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"errcode {code}: {words[:200]}")
        self.code = code

    @property
    def closed(self) -> str | None:
        """The reason the citizen cannot be reached here now; None for any other trouble."""
        return CLOSED.get(self.code)


class Api:
    """The calls the house makes."""

    def __init__(
        self, account: Account, database: Database, http: aiohttp.ClientSession, now: Callable[[], datetime]
    ) -> None:
        self._account, self._database, self._http, self._now = account, database, http, now

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message (客服消息)."""
        await self._post(
            "/cgi-bin/message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": text}}
        )

    async def send_notice(self, openid: str, template: str, page: str, fields: Mapping[str, str]) -> None:
        """A subscription notice (订阅通知), which opens a page."""
        data = {name: {"value": value} for name, value in fields.items()}
        body = {"touser": openid, "template_id": template, "page": page, "data": data}
        await self._post("/cgi-bin/message/subscribe/bizsend", body)

    async def media(self, media_id: str) -> bytes:
        """A temporary material (临时素材): its bytes; a video comes by way of a second address."""
        token = await self._token()
        try:
            return await self._material(token, media_id)
        except ApiError as error:
            if error.code not in _TOKEN_REFUSED:
                raise
        return await self._material(await self._token(refused=token), media_id)

    async def _material(self, token: str, media_id: str) -> bytes:
        url, asked = f"{self._account.api_base}/cgi-bin/media/get", {"access_token": token, "media_id": media_id}
        body, kind = await self._download(url, asked)
        if kind not in {"application/json", "text/plain"}:
            return body
        answer = json.loads(body)
        if answer.get("errcode"):
            raise ApiError(int(answer["errcode"]), str(answer.get("errmsg", "")))
        where = str(answer.get("video_url", ""))
        if not self._is_theirs(where):
            raise ApiError(-1, "no material, and no address of WeChat's")
        return (await self._download(where, {}))[0]

    def _is_theirs(self, url: str) -> bool:
        """Whether an address that an answer names is WeChat's own: nothing else is asked on its word."""
        host = urlsplit(url).hostname or ""
        return host == urlsplit(self._account.api_base).hostname or host.endswith(_MEDIA_HOSTS)

    async def _download(self, url: str, asked: Mapping[str, str]) -> tuple[bytes, str]:
        async with self._http.get(url, params=asked, timeout=_MEDIA_TIMEOUT, allow_redirects=False) as response:
            if response.status != 200:
                raise ApiError(-response.status, "HTTP status")
            body = b""
            async for chunk in response.content.iter_chunked(256 * 1024):
                body += chunk
                if len(body) > MAX_FILE:
                    raise Invalid("file_too_large", limit=MAX_FILE // 1024 // 1024)
            return body, response.content_type

    async def create_menu(self, menu: Mapping[str, Any]) -> None:
        """The account's menu (自定义菜单), in place of the one before."""
        await self._post("/cgi-bin/menu/create", menu)

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        token = await self._token()
        try:
            return await self._call(path, token, body)
        except ApiError as error:
            if error.code not in _TOKEN_REFUSED:
                raise
        return await self._call(path, await self._token(refused=token), body)

    async def _token(self, refused: str | None = None) -> str:
        return await access_token(self._database, self._account, self._fetch, self._now, refused)

    async def _fetch(self) -> tuple[str, int]:
        asked = {"grant_type": "client_credential", "appid": self._account.app_id, "secret": self._account.secret}
        url = f"{self._account.api_base}/cgi-bin/token"
        async with self._http.get(url, params=asked, timeout=_TIMEOUT) as response:
            answer = await _checked(response)
        return answer["access_token"], int(answer["expires_in"])

    async def _call(self, path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        # WeChat shows \u escapes as they stand, so Chinese goes out as it is.
        data = json.dumps(body, ensure_ascii=False).encode()
        url, headers = self._account.api_base + path, {"Content-Type": "application/json; charset=utf-8"}
        async with self._http.post(
            url, params={"access_token": token}, data=data, headers=headers, timeout=_TIMEOUT
        ) as response:
            return await _checked(response)


async def _checked(response: aiohttp.ClientResponse) -> dict[str, Any]:
    if response.status != 200:
        raise ApiError(-response.status, "HTTP status")
    answer = json.loads(await response.read())
    if not isinstance(answer, dict):
        raise ApiError(-1, "no JSON object")
    if answer.get("errcode"):
        raise ApiError(int(answer["errcode"]), str(answer.get("errmsg", "")))
    return answer


@asynccontextmanager
async def calling(account: Account, database: Database, now: Callable[[], datetime]) -> AsyncIterator[Api]:
    """The calls, on a connection of their own."""
    async with aiohttp.ClientSession() as http:
        yield Api(account, database, http, now)
