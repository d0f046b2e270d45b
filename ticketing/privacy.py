"""Sealing of personal data (个人信息): encryption at rest, blind indexes and masks for the screen.

Every ciphertext names its key, so keys can be rotated; the index key is a separate one, because it can never change.
What is lost with the key file: every name, phone number, message body and answer. Keep a copy of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

_NONCE = 12
_KEY_ID = 4


@dataclass(frozen=True)
class Vault:
    """The data keys (AES-256-GCM) by their 4-byte id, and the key of the blind indexes (HMAC-SHA256)."""

    keys: dict[bytes, bytes]
    current: bytes
    index_key: bytes

    @classmethod
    def create(cls) -> Self:
        """A vault with fresh keys."""
        key_id = secrets.token_bytes(_KEY_ID)
        return cls({key_id: secrets.token_bytes(32)}, key_id, secrets.token_bytes(32))

    @classmethod
    def open(cls, path: Path) -> Self:
        """The vault of a key file; a missing file is made, readable by its owner alone."""
        if not path.exists():
            cls.create()._save(path)
        stored = json.loads(path.read_text(encoding="ascii"))
        keys = {bytes.fromhex(name): base64.b64decode(key) for name, key in stored["keys"].items()}
        return cls(keys, bytes.fromhex(stored["current"]), base64.b64decode(stored["index"]))

    @cached_property
    def _ciphers(self) -> dict[bytes, AESGCM]:
        """The ciphers by key id; safe to share between threads, and dearer to make than to use."""
        return {name: AESGCM(key) for name, key in self.keys.items()}

    def _save(self, path: Path) -> None:
        stored = {
            "current": self.current.hex(),
            "keys": {name.hex(): base64.b64encode(key).decode() for name, key in self.keys.items()},
            "index": base64.b64encode(self.index_key).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(stored, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)  # never over a key file that another process made in the meantime
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def seal(self, text: str) -> bytes:
        """The text as ciphertext: key id, nonce, AES-GCM."""
        return self.seal_bytes(text.encode())

    def unseal(self, blob: bytes) -> str:
        """The text of `seal`; raises `cryptography.exceptions.InvalidTag` when the bytes were changed."""
        return self.unseal_bytes(blob).decode()

    def seal_bytes(self, plain: bytes) -> bytes:
        """Bytes as ciphertext, as `seal` does it with a text."""
        nonce = secrets.token_bytes(_NONCE)
        return self.current + nonce + self._ciphers[self.current].encrypt(nonce, plain, self.current)

    def unseal_bytes(self, blob: bytes) -> bytes:
        """The bytes of `seal_bytes`."""
        key_id, nonce = blob[:_KEY_ID], blob[_KEY_ID : _KEY_ID + _NONCE]
        return self._ciphers[key_id].decrypt(nonce, blob[_KEY_ID + _NONCE :], key_id)

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """A 32-byte HMAC of the value, different for every purpose; equal values meet without being readable."""
        return hmac.new(self.index_key, f"{purpose}\0{value}".encode(), hashlib.sha256).digest()


def vault_of(session: Session) -> Vault:
    """The vault that hangs on the session."""
    vault: Vault = session.info["vault"]
    return vault


def seal(session: Session, text: str) -> bytes:
    """Seal a text with the session's vault."""
    return vault_of(session).seal(text)


def unseal(session: Session, blob: bytes) -> str:
    """Read a text that `seal` sealed."""
    return vault_of(session).unseal(blob)


def seal_json(session: Session, value: Any) -> bytes:
    """Seal a JSON value."""
    return seal(session, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def unseal_json(session: Session, blob: bytes) -> Any:
    """Read a JSON value that `seal_json` sealed."""
    return json.loads(unseal(session, blob))


def keyed_hash(session: Session, purpose: str, value: str) -> bytes:
    """A keyed hash with the session's vault, for look-ups (phone, address) and checks (codes, tokens)."""
    return vault_of(session).keyed_hash(purpose, value)


def mask_phone(phone: str) -> str:
    """A phone number for the screen: 138****5521, and 0477****567 for a land line."""
    digits = "".join(c for c in phone if c.isdigit())
    if len(digits) < 7:
        return "*" * len(digits)
    keep = 3 if len(digits) == 11 and digits.startswith("1") else 4
    return f"{digits[:keep]}****{digits[keep + 4 :]}"


def mask_email(address: str) -> str:
    """An e-mail address for the screen: w***@example.cn."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}***{at}{host}" if at else "***"


def mask_name(name: str) -> str:
    """A name for the screen: the family name and a star for the rest."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""
