"""The mail servers' side of the wire: as much IMAP and SMTP as the house speaks, and each command is checked."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from integrations import effects
from integrations.bootstrap import House
from integrations.channels.letter.collecting import collect
from ticketing.models import Attachment, Conversation, Letter, OutboxRow, Ticket, TicketEvent

FIXTURES = Path(__file__).parent / "fixtures"
OURS = "szxx@example.test"
CITIZEN = "citizen-0001@mail.test"
USER, PASSWORD = "szxx@example.test", 'pass "word\\'
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass
class Imap:
    """A mailbox; `cut_at` breaks the connection when a command contains the words."""

    letters: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    validity: int = 4_000_000_000
    next_uid: int = 1
    commands: list[str] = field(default_factory=list)
    cut_at: str = ""
    sizes: dict[int, int] = field(default_factory=dict)
    port: int = 0

    def put(self, raw: bytes, *, seen: bool = False) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.letters[uid] = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if seen:
            self.seen.add(uid)
        return uid

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = "new"
        writer.write(b"* OK IMAP4rev1 ready\r\n")
        try:
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                tag, _, command = line.partition(" ")
                self.commands.append(command)
                if self.cut_at and self.cut_at in command:
                    self.cut_at = ""
                    return
                verb = command.split(" ", 1)[0].upper()
                state = self._answer(writer, tag, verb, command, state)
                await writer.drain()
                if verb == "LOGOUT":
                    return
        finally:
            writer.close()

    def _answer(self, writer: asyncio.StreamWriter, tag: str, verb: str, command: str, state: str) -> str:
        def say(*lines: bytes, done: str = "OK done") -> None:
            writer.write(b"".join(b"* " + one + b"\r\n" for one in lines) + f"{tag} {done}\r\n".encode())

        if verb == "CAPABILITY":
            say(b"CAPABILITY IMAP4rev1")
        elif verb == "LOGIN":
            given = _QUOTED.findall(command)
            right = USER in command and given and given[-1].replace("\\\\", "\\").replace('\\"', '"') == PASSWORD
            say(done="OK in" if right else "NO [AUTHENTICATIONFAILED] no")
            return "in" if right else state
        elif verb == "SELECT" and state == "in":
            assert command == 'SELECT "INBOX"'
            say(
                f"{len(self.letters)} EXISTS".encode(), b"0 RECENT",
                f"OK [UIDVALIDITY {self.validity}]".encode(), f"OK [UIDNEXT {self.next_uid}]".encode(),
                done="OK [READ-WRITE] open",
            )  # fmt: skip
            return "open"
        elif verb == "UID" and state == "open":
            self._uid(writer, say, command)
        elif verb == "LOGOUT":
            say(b"BYE")
        else:
            say(done=f"BAD {verb} in {state}")
        return state

    def _uid(self, writer: asyncio.StreamWriter, say: Callable[..., None], command: str) -> None:
        _, verb, rest = command.split(" ", 2)
        if verb == "SEARCH":
            say(("SEARCH " + " ".join(map(str, self._search(rest)))).strip().encode())
            return
        uid, what = int(rest.split(" ", 1)[0]), rest.split(" ", 1)[1]
        if uid not in self.letters:
            say()
        elif verb == "STORE":
            assert what == r"+FLAGS.SILENT (\Seen)"
            self.seen.add(uid)
            say()
        elif what == "(RFC822.SIZE)":
            say(f"{uid} FETCH (UID {uid} RFC822.SIZE {self.sizes.get(uid, len(self.letters[uid]))})".encode())
        else:
            part, most = re.fullmatch(r"\(BODY\.PEEK(\[(?:HEADER)?\])<0\.(\d+)>\)", what).groups()
            raw = self.letters[uid]
            raw = (raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if part == "[HEADER]" else raw)[: int(most)]
            say(f"{uid} FETCH (UID {uid} BODY{part}<0> {{{len(raw)}}}\r\n".encode() + raw + b")")

    def _search(self, criterion: str) -> list[int]:
        if criterion == "UNSEEN":
            return [uid for uid in self.letters if uid not in self.seen]
        if match := re.fullmatch(r"UID (\d+):\*", criterion):
            return [uid for uid in self.letters if uid >= int(match[1])] or sorted(self.letters)[-1:]
        assert re.fullmatch(r"SINCE \d\d-[A-Z][a-z]{2}-\d{4}", criterion), criterion
        return list(self.letters)


@dataclass
class Smtp:
    """A mail server; `refuses` gives the code for an address."""

    sent: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    down: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            self.down -= 1
            writer.close()
            return
        to, signed_in = "", False
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            verb = line.split(" ", 1)[0].upper()
            if verb == "EHLO":
                writer.write(b"250-here\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n")
            elif verb == "AUTH":
                signed_in = base64.b64decode(line.split()[2]) == f"\0{USER}\0{PASSWORD}".encode()
                writer.write(b"235 in\r\n" if signed_in else b"535 no\r\n")
            elif verb == "MAIL":
                assert f"<{OURS}>" in line
                writer.write(b"250 ok\r\n" if signed_in else b"530 sign in\r\n")
            elif verb == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
                writer.write(f"{self.refuses.get(to, 250)} said\r\n".encode())
            elif verb == "DATA":
                writer.write(b"354 go\r\n")
                await writer.drain()
                raw = await reader.readuntil(b"\r\n.\r\n")
                self.sent.append((to, message_from_bytes(raw[:-5].replace(b"\r\n..", b"\r\n."), policy=policy.default)))
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()


@pytest.fixture
async def imap() -> AsyncIterator[Imap]:
    fake = Imap()
    async with await asyncio.start_server(fake.serve, "127.0.0.1", 0, limit=2**26) as server:
        fake.port = server.sockets[0].getsockname()[1]
        yield fake


@pytest.fixture
async def smtp() -> AsyncIterator[Smtp]:
    fake = Smtp()
    async with await asyncio.start_server(fake.serve, "127.0.0.1", 0, limit=2**26) as server:
        fake.port = server.sockets[0].getsockname()[1]
        yield fake


@pytest.fixture
def town(house: House, imap: Imap, smtp: Smtp, tmp_path: Path) -> House:
    """The house with a mailbox of its own."""
    given = {
        "data": tmp_path,
        "letter_from": OURS,
        "letter_imap_url": f"imap://127.0.0.1:{imap.port}",
        "letter_smtp_url": f"smtp://127.0.0.1:{smtp.port}",
        "letter_password": SecretStr(PASSWORD),
        "public_url": "https://12345.example.test",
    }
    return replace(house, settings=house.settings.model_copy(update=given))


async def come(house: House, at: datetime | None = None) -> int:
    """One round of the beat: fetch, and carry out what is due."""
    now = at or datetime.now(UTC)
    count = await asyncio.to_thread(collect, house, now)
    await asyncio.to_thread(effects.drain, house, lambda: now)
    return count


def eml(name: str, **blanks: str) -> bytes:
    """A recorded letter."""
    raw = (FIXTURES / f"{name}.eml").read_bytes()
    for blank, value in blanks.items():
        raw = raw.replace(b"@@" + blank.encode() + b"@@", value.encode())
    return raw


def write(text: str, *, subject: str = "路灯", sender: str = CITIZEN, number: int = 1, **more: str) -> bytes:
    """A letter typed by hand; `more` are further headers, `_` for `-`."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, OURS, subject
    message["Message-ID"] = more.pop("message_id", f"<letter-{number}@mail.test>")
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return bytes(message)


TABLES = {one.__name__: one for one in (Attachment, Conversation, Letter, OutboxRow, Ticket, TicketEvent)}


def rows(house: House, table: str) -> list:
    """All rows of a table, oldest first."""
    with house.database.read() as session:
        found = list(session.query(TABLES[table]).order_by(TABLES[table].id))
        session.expunge_all()
    return found
