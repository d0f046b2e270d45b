"""The proof of a request of Twilio's (签名校验), taken over the address Twilio called and every field it sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from integrations.channels.twilio.account import Account
from ticketing.errors import Forbidden

_LONGEST = 200


def prove(account: Account, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
    """Refuse what Twilio did not sign; else the proof's digest, by which a request is known again.

    `path` is the raw path with its query; the host is the one of HOTLINE_PUBLIC_URL, not what a proxy made of it.
    """
    given = headers.get(SIGNATURE_HEADER, "")
    algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER, ""))
    validator = RequestValidator(account.token)
    if not given.isascii() or not 0 < len(given) <= _LONGEST:
        raise Forbidden("signature_wrong")
    if not validator.validate(account.public + path, fields, given, algorithm):
        raise Forbidden("signature_wrong")
    return hashlib.sha256(given.encode()).digest()
