"""WeChat's signatures and its encryption (消息加解密): everything is checked before anything is believed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32  # WeChat pads to 32 bytes, twice the block of AES
_RANDOM = 16
_LENGTH = 4


class Undecipherable(ValueError):
    """A ciphertext that none of our keys opens to a message for us."""


def signature(*parts: str) -> str:
    """SHA-1 of the sorted parts, as WeChat signs."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(given: str, *parts: str) -> bool:
    """Whether the signature fits, compared in constant time."""
    return hmac.compare_digest(signature(*parts).encode(), given.encode())


def encrypt(message: bytes, key: bytes, app_id: str) -> str:
    """A message for WeChat: random, length, message, our id, padded, AES-256-CBC, base64."""
    plain = secrets.token_bytes(_RANDOM) + len(message).to_bytes(_LENGTH, "big") + message + app_id.encode()
    fill = _BLOCK - len(plain) % _BLOCK
    cipher = _cipher(key).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([fill]) * fill) + cipher.finalize()).decode()


def decrypt(encrypted: str, keys: Sequence[bytes], app_id: str) -> bytes:
    """The message of a ciphertext, by the first key that opens it (the current one, else the one before)."""
    try:
        blob = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Undecipherable("no base64") from error
    if not blob or len(blob) % _BLOCK:
        raise Undecipherable("not whole blocks")
    for key in keys:
        message = _opened(blob, key, app_id)
        if message is not None:
            return message
    raise Undecipherable("no key fits")


def _opened(blob: bytes, key: bytes, app_id: str) -> bytes | None:
    """The message, if key, padding, length and addressee are all right."""
    cipher = _cipher(key).decryptor()
    plain = cipher.update(blob) + cipher.finalize()
    fill = plain[-1]
    if not 1 <= fill <= _BLOCK or plain[-fill:] != bytes([fill]) * fill:
        return None
    body = plain[_RANDOM:-fill]
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
    if len(body) < _LENGTH or end > len(body) or not hmac.compare_digest(body[end:], app_id.encode()):
        return None
    return body[_LENGTH:end]


def _cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
