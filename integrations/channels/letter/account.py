"""The hotline's mailbox (市长信箱): where letters are fetched and sent, read from the settings."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from integrations.settings import Settings, SettingsError

_PORTS = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 587}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Server:
    """One mail server. `tls` from the first byte, or else by STARTTLS; in the clear only on this machine."""

    host: str
    port: int
    tls: bool
    certificates: Path | None = None

    @classmethod
    def of(cls, url: str, schemes: tuple[str, str], certificates: Path | None) -> Self:
        """The server of `imaps://host[:port]`, `smtp://host[:port]` and their like."""
        try:
            parts = urlsplit(url)
            if parts.scheme not in schemes or not parts.hostname:
                raise ValueError(f"no {schemes[0]}:// or {schemes[1]}:// address")
            port = parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise SettingsError(f"{url!r}: {error}") from error
        return cls(parts.hostname, port, parts.scheme.endswith("s"), certificates)

    @property
    def starts_tls(self) -> bool:
        """Whether the talk begins in the clear and must go on encrypted."""
        return not self.tls and self.host not in _HERE

    def trust(self) -> ssl.SSLContext:
        """What certificates are checked against; the host's name always is."""
        return ssl.create_default_context(cafile=str(self.certificates) if self.certificates else None)


@dataclass(frozen=True, slots=True)
class Account:
    """The mailbox and its address; either server may be missing."""

    imap: Server | None
    smtp: Server | None
    user: str
    password: str
    sender: str
    folder: str
    answers: int

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The configured account; None without an address of our own."""
        sender = parseaddr(settings.letter_from or "")[1].lower()
        if "@" not in sender:
            return None
        trusted = settings.letter_ca_file
        imap, smtp = settings.letter_imap_url, settings.letter_smtp_url
        secret = settings.letter_password
        return cls(
            Server.of(imap, ("imaps", "imap"), trusted) if imap else None,
            Server.of(smtp, ("smtps", "smtp"), trusted) if smtp else None,
            settings.letter_user or sender,
            secret.get_secret_value() if secret else "",
            sender,
            settings.letter_folder,
            settings.letter_answers,
        )

    @property
    def name(self) -> str:
        """The mailbox as it is remembered: another one starts anew."""
        return f"{self.user}@{self.imap.host if self.imap else ''}/{self.folder}"

    @property
    def domain(self) -> str:
        """The domain of our own Message-IDs; nobody else's letters have it, those of the town hall neither."""
        return f"hotline.{self.sender.rpartition('@')[2]}"


def can_send(settings: Settings) -> bool:
    """Whether letters can leave the house."""
    account = Account.of(settings)
    return account is not None and account.smtp is not None
