"""The mailbox by IMAP: looked into with limits on time and size; a letter is marked as read only when it is stored."""

from __future__ import annotations

import imaplib
import re
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from integrations.channels.letter.account import Account, Server
from integrations.channels.letter.parsing import MAX_RAW

TIMEOUT = 20.0
TROUBLE = (imaplib.IMAP4.error, OSError)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")


class Mailbox:
    """An open mailbox; `validity` and `next_uid` are what the server says of its UIDs."""

    def __init__(self, account: Account, server: Server) -> None:
        self._imap = _connected(server)
        self.validity = self.next_uid = 0
        try:
            self._imap.login(account.user, account.password)
            self._select(account.folder)
        except TROUBLE:
            self._imap.shutdown()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave politely, if the server still listens."""
        try:
            self._imap.logout()
        except TROUBLE:
            self._imap.shutdown()

    def _select(self, folder: str) -> None:
        quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        _ok(self._imap.select(quoted))
        self.validity = self._number("UIDVALIDITY")
        self.next_uid = self._number("UIDNEXT")

    def _number(self, name: str) -> int:
        given = self._imap.response(name)[1]
        if not given or not isinstance(given[0], bytes) or not given[0].isdigit():
            raise imaplib.IMAP4.error(f"the server gives no {name}")
        return int(given[0])

    def unread(self) -> list[int]:
        """The UIDs of what nobody has read."""
        return self._search("UNSEEN")

    def after(self, uid: int) -> list[int]:
        """The UIDs above this one; `n:*` always names the last letter, whatever its UID."""
        return [one for one in self._search("UID", f"{uid + 1}:*") if one > uid]

    def since(self, moment: datetime) -> list[int]:
        """The UIDs of what came since a day."""
        return self._search("SINCE", f"{moment.day:02d}-{_MONTHS[moment.month - 1]}-{moment.year}")

    def _search(self, *criteria: str) -> list[int]:
        data = _ok(self._imap.uid("SEARCH", *criteria))
        return sorted(int(one) for line in data if line for one in line.split() if one.isdigit())

    def fetch(self, uid: int) -> tuple[bytes, bool] | None:
        """A letter and whether it is whole: of one that is too large only the head. None: somebody removed it."""
        sizes = _ok(self._imap.uid("FETCH", str(uid), "(RFC822.SIZE)"))
        size = next((int(m[1]) for one in sizes if one and (m := _SIZE.search(_bytes(one)))), None)
        if size is None:
            return None
        whole = size <= MAX_RAW
        what = f"(BODY.PEEK[]<0.{MAX_RAW}>)" if whole else "(BODY.PEEK[HEADER]<0.200000>)"
        parts = _ok(self._imap.uid("FETCH", str(uid), what))
        body = next((one[1] for one in parts if isinstance(one, tuple)), None)
        return (body, whole) if body is not None else None

    def mark(self, uid: int) -> None:
        """The letter is stored: read, for whoever opens the mailbox."""
        _ok(self._imap.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))


def _connected(server: Server) -> imaplib.IMAP4:
    if server.tls:
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=server.trust(), timeout=TIMEOUT)
    imap = imaplib.IMAP4(server.host, server.port, timeout=TIMEOUT)
    if server.starts_tls:
        try:
            imap.starttls(server.trust())
        except TROUBLE:
            imap.shutdown()
            raise
    return imap


def _ok(answer: tuple[str, Any]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"{kind}: {data!r}"[:300])
    return list(data)


def _bytes(one: Any) -> bytes:
    return one if isinstance(one, bytes) else one[0]
