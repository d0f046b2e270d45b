"""Both storages keep, find and let go alike; the bucket checks every signature, the scanner speaks as clamd does."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from integrations.settings import Settings
from integrations.storage import storage_of
from integrations.storage.disk import Disk
from integrations.storage.s3 import S3, Bucket
from integrations.storage.scanner import scan
from ticketing.errors import Invalid, Unavailable

NAME = hashlib.sha256(b"x").hexdigest()
ACCESS, SECRET, REGION = "AKID", "very/secret+key", "cn-north-1"


class FakeBucket(BaseHTTPRequestHandler):
    """A bucket that computes the signature by itself, from the request as it came over the wire."""

    kept: dict[str, bytes] = {}
    failing = False

    def _allowed(self, body: bytes) -> bool:
        given = dict(part.split("=", 1) for part in self.headers["Authorization"].split(" ", 1)[1].split(","))
        access, day, region, service, _ = given["Credential"].split("/")
        names, stamp = given["SignedHeaders"].split(";"), self.headers["x-amz-date"]
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        digest = hashlib.sha256(body).hexdigest()
        if access != ACCESS or abs(datetime.now(UTC) - at) > timedelta(minutes=15):
            return False
        if self.headers["x-amz-content-sha256"] != digest or "host" not in names:
            return False
        lines = [self.command, self.path, "", *(f"{n}:{self.headers[n]}" for n in names), "", ";".join(names), digest]
        scope = f"{day}/{region}/{service}/aws4_request"
        hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        told = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}".encode()
        return hmac.compare_digest(hmac.digest(key, told, "sha256").hex(), given["Signature"])

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = 403, b""
        if self.failing:
            status = 503
        elif self._allowed(body):
            status, answer = self._carry_out(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def _carry_out(self, body: bytes) -> tuple[int, bytes]:
        if self.command == "PUT":
            self.kept[self.path] = body
            return 200, b""
        if self.command == "DELETE":
            self.kept.pop(self.path, None)
            return 204, b""
        found = self.kept.get(self.path)
        return (404, b"") if found is None else (200, found)

    do_GET = do_PUT = do_HEAD = do_DELETE = _do

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def bucket() -> Iterator[tuple[type[FakeBucket], str]]:
    handler = type("Handler", (FakeBucket,), {"kept": {}, "failing": False})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["disk", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "disk":
        return Disk(tmp_path / "attachments")
    return S3(Bucket(request.getfixturevalue("bucket")[1], "hotline", REGION, ACCESS, SECRET))


def test_what_is_put_is_there_until_it_is_removed(storage) -> None:
    assert storage.get(NAME) is None and not storage.has(NAME)
    storage.put(NAME, b"sealed bytes")
    storage.put(NAME, b"sealed bytes")
    assert storage.has(NAME) and storage.get(NAME) == b"sealed bytes"
    storage.remove(NAME)
    storage.remove(NAME)
    assert storage.get(NAME) is None


def test_nothing_half_written_stays_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("integrations.storage.disk.os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        disk.put(NAME, b"x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_wrong_key_and_a_bucket_that_is_away_are_said(bucket) -> None:
    handler, url = bucket
    with pytest.raises(Unavailable, match="storage_away"):
        S3(Bucket(url, "hotline", REGION, ACCESS, "wrong")).put(NAME, b"x")
    handler.failing = True
    for call in ("get", "has", "remove"):
        with pytest.raises(Unavailable, match="storage_away"):
            getattr(S3(Bucket(url, "hotline", REGION, ACCESS, SECRET)), call)(NAME)
    with pytest.raises(Unavailable, match="storage_away"):
        S3(Bucket("http://127.0.0.1:1", "hotline", REGION, ACCESS, SECRET)).get(NAME)


def test_an_old_signature_is_refused(bucket) -> None:
    old = S3(Bucket(bucket[1], "hotline", REGION, ACCESS, SECRET), lambda: datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(Unavailable, match="storage_away"):
        old.put(NAME, b"x")


def test_the_settings_choose_the_storage(tmp_path: Path) -> None:
    assert isinstance(storage_of(Settings(data=tmp_path)), Disk)
    named = {"S3_ENDPOINT": "https://oss.example", "S3_BUCKET": "b", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "s"}
    assert isinstance(storage_of(Settings.load(named)), S3)


@pytest.fixture
def clamd() -> Iterator[int]:
    """A daemon that reads INSTREAM as clamd does and finds what says EICAR."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                data = b""
                while length := int.from_bytes(stream.read(4)):
                    data += stream.read(length)
                connection.sendall(b"stream: Eicar-Test FOUND\0" if b"EICAR" in data else b"stream: OK\0")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_an_infected_file_is_refused(clamd: int, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, clamav_host="127.0.0.1", clamav_port=clamd)
    scan(settings, b"clean" * 50_000)
    with pytest.raises(Invalid, match="file_infected"):
        scan(settings, b"X5O!P%@AP-EICAR-TEST")


def test_without_its_scanner_nothing_is_taken(tmp_path: Path) -> None:
    scan(Settings(data=tmp_path), b"X5O!P%@AP-EICAR-TEST")
    with pytest.raises(Unavailable, match="scanner_away"):
        scan(Settings(data=tmp_path, clamav_host="127.0.0.1", clamav_port=1), b"x")
