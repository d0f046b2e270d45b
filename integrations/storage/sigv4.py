"""AWS Signature Version 4, as S3-compatible storages check it — pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Key:
    """Who signs, and for which region."""

    access: str
    secret: str
    region: str
    service: str = "s3"


def sign(
    key: Key, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes, at: datetime
) -> dict[str, str]:
    """The headers to send: those given, with the date, the body's hash and the signature over all of them."""
    digest = hashlib.sha256(body).hexdigest()
    sent = {**headers, "x-amz-content-sha256": digest, "x-amz-date": at.strftime("%Y%m%dT%H%M%SZ")}
    return sent | {"Authorization": authorization(key, method, path, query, sent, at)}


def authorization(
    key: Key, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], at: datetime
) -> str:
    """The Authorization header over exactly these headers, which have `host`, `x-amz-date` and the body's hash."""
    lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    names = ";".join(sorted(lower))
    request = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(query.items())),
            *(f"{name}:{lower[name]}" for name in sorted(lower)),
            "",
            names,
            lower["x-amz-content-sha256"],
        ]
    )
    scope = f"{at:%Y%m%d}/{key.region}/{key.service}/aws4_request"
    told = "\n".join([_ALGORITHM, f"{at:%Y%m%dT%H%M%SZ}", scope, hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(_signing_key(key, at), told.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key.access}/{scope},SignedHeaders={names},Signature={signature}"


def _signing_key(key: Key, at: datetime) -> bytes:
    derived = f"AWS4{key.secret}".encode()
    for part in (f"{at:%Y%m%d}", key.region, key.service, "aws4_request"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    return derived


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
