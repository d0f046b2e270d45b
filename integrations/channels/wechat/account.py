"""The Official Account (公众号) of this installation, from its settings; none where it is not set up."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self

import structlog

from integrations.settings import Settings

log = structlog.get_logger()
CHANNEL = "wechat"
_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to WeChat. `keys` has the current key first, then the one before it; without any, messages are plain.

    `secret` is empty where only passive replies are possible.
    """

    app_id: str
    secret: str
    token: str
    keys: tuple[bytes, ...]
    api_base: str

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The account of the settings; None, with a clear log line, where it is missing or cannot work."""
        if not settings.wechat_app_id or settings.wechat_token is None:
            return None
        given = (settings.wechat_aes_key, settings.wechat_aes_key_previous)
        try:
            keys = tuple(_key(secret.get_secret_value()) for secret in given if secret is not None)
        except ValueError as error:
            log.error("wechat_misconfigured", setting="WECHAT_AES_KEY", error=str(error))
            return None
        secret = settings.wechat_app_secret.get_secret_value() if settings.wechat_app_secret else ""
        token = settings.wechat_token.get_secret_value()
        return cls(settings.wechat_app_id, secret, token, keys, settings.wechat_api_base.rstrip("/"))


def _key(text: str) -> bytes:
    if not _AES_KEY.fullmatch(text):
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    try:
        return base64.b64decode(text + "=")
    except binascii.Error as error:
        raise ValueError("the EncodingAESKey is not base64") from error
