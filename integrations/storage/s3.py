"""Attachments in an S3-compatible bucket (MinIO, OSS, COS, OBS …), by signed requests with path-style addresses."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from integrations.storage.sigv4 import Key, sign
from ticketing.errors import Unavailable

_SECONDS = 20.0
_GONE = frozenset({204, 200, 404})


@dataclass(frozen=True)
class Bucket:
    """Where the bucket is and who may use it; `endpoint` is https://host[:port]."""

    endpoint: str
    name: str
    region: str
    access: str
    secret: str


@dataclass(frozen=True)
class S3:
    """One bucket; every failure but “not there” is `Unavailable`, so that the work is tried again."""

    bucket: Bucket
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes; the storage checks their hash, which is signed."""
        status, _ = self._call("PUT", name, data)
        if status != 200:
            raise Unavailable("storage_away", status=status)

    def get(self, name: str) -> bytes | None:
        """The bytes of a name, None where there are none."""
        status, body = self._call("GET", name)
        if status not in {200, 404}:
            raise Unavailable("storage_away", status=status)
        return body if status == 200 else None

    def has(self, name: str) -> bool:
        """Whether a name is kept."""
        status, _ = self._call("HEAD", name)
        if status not in {200, 404}:
            raise Unavailable("storage_away", status=status)
        return status == 200

    def remove(self, name: str) -> None:
        """Let go of a name; one that is not there is let go of already."""
        status, _ = self._call("DELETE", name)
        if status not in _GONE:
            raise Unavailable("storage_away", status=status)

    def _call(self, method: str, name: str, body: bytes = b"") -> tuple[int, bytes]:
        where = urlsplit(self.bucket.endpoint)
        path = f"{where.path.rstrip('/')}/{self.bucket.name}/attachments/{name[:2]}/{name}"
        key = Key(self.bucket.access, self.bucket.secret, self.bucket.region)
        headers = sign(key, method, path, {}, {"host": where.netloc}, body, self.now())
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.hostname or "", where.port, timeout=_SECONDS)
        try:
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("storage_away", status=0) from error
        finally:
            connection.close()
