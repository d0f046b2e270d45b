"""Signatures and encryption, against WeChat's own vectors and against what an attacker sends."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from integrations.channels.wechat import crypto

KEY = base64.b64decode("lNqJ1D5Ha3ZqYkNDAwFR6H3UNbQZTJUSOzvxhv1vKZm" + "=")
OLD = base64.b64decode("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" + "=")


def test_the_official_signature() -> None:
    assert crypto.signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    assert crypto.is_signed("899cf89e464efb63f54ddac96b0a0a235f53aa78", "AAAAA", "1714037059", "486452656")
    assert not crypto.is_signed("899cf89e464efb63f54ddac96b0a0a235f53aa79", "AAAAA", "1714037059", "486452656")
    assert not crypto.is_signed("", "AAAAA", "1714037059", "486452656")
    assert not crypto.is_signed("八", "AAAAA", "1714037059", "486452656")


@pytest.mark.parametrize("length", [0, 1, 15, 31, 32, 33, 500])
def test_there_and_back(length: int) -> None:
    message = ("投" * length).encode()
    assert crypto.decrypt(crypto.encrypt(message, KEY, "wx1"), [KEY, OLD], "wx1") == message
    assert crypto.decrypt(crypto.encrypt(message, OLD, "wx1"), [KEY, OLD], "wx1") == message


def _raw(plain: bytes) -> str:
    cipher = Cipher(algorithms.AES(KEY), modes.CBC(KEY[:16])).encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


@pytest.mark.parametrize(
    "encrypted",
    [
        "",
        "不是base64",
        "AAAA",
        crypto.encrypt(b"x", KEY, "wx-other"),
        crypto.encrypt(b"x", bytes(32), "wx1"),
        _raw(bytes(64)),
        _raw(bytes(63) + b"\x21"),
        _raw(bytes(31) + b"\x02" + bytes(30) + b"\x03\x02"),
        _raw(bytes(16) + b"\xff\xff\xff\xff" + bytes(11) + b"\x01"),
        _raw(bytes([32]) * 32),
    ],
)
def test_what_does_not_fit_is_not_opened(encrypted: str) -> None:
    with pytest.raises(crypto.Undecipherable):
        crypto.decrypt(encrypted, [KEY, OLD], "wx1")
