"""Signatures of webhooks (推送签名) in the form of Standard Webhooks: HMAC-SHA256 over id, time and body. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A fresh secret (密钥), as the receiver is told it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(message_id: str, body: str, keys: Sequence[str], now: datetime) -> dict[str, str]:
    """The three headers of a delivery; every secret that is valid signs, so that a receiver can change over in time."""
    at = str(int(now.timestamp()))
    signed = f"{message_id}.{at}.{body}".encode()
    signatures = " ".join(f"v1,{_signature(key, signed)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signatures}


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
