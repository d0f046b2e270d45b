"""Looking for malware (病毒扫描): every file goes through ClamAV where one is configured; none is by default."""

from __future__ import annotations

import socket

import structlog

from integrations.settings import Settings
from ticketing.errors import Invalid, Unavailable

log = structlog.get_logger()
_SECONDS = 30.0
_CHUNK = 64 * 1024
_MAX_ANSWER = 4096


def scan(settings: Settings, data: bytes) -> None:
    """Refuse an infected file; where the scanner is configured and silent nothing is taken in unseen."""
    if not settings.clamav_host:
        return
    try:
        answer = _instream(settings.clamav_host, settings.clamav_port, data)
    except OSError as error:
        raise Unavailable("scanner_away") from error
    if answer.endswith("FOUND"):
        log.warning("attachment_infected", found=answer[:200])
        raise Invalid("file_infected")
    if not answer.endswith("OK"):
        log.error("scanner_failed", answer=answer[:200])
        raise Unavailable("scanner_away")


def _instream(host: str, port: int, data: bytes) -> str:
    """clamd's INSTREAM: chunks with their length before them, then an empty one."""
    with socket.create_connection((host, port), timeout=_SECONDS) as connection:
        connection.sendall(b"zINSTREAM\0")
        for at in range(0, len(data), _CHUNK):
            chunk = data[at : at + _CHUNK]
            connection.sendall(len(chunk).to_bytes(4) + chunk)
        connection.sendall(bytes(4))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _MAX_ANSWER and (more := connection.recv(_MAX_ANSWER)):
            answer += more
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
