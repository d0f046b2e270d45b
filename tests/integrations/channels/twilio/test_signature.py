"""Only what Twilio signed is believed; the address is ours as Twilio knows it, whatever a proxy makes of the host."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from multidict import MultiDict
from pydantic import SecretStr

from integrations.channels.twilio.account import Account
from integrations.channels.twilio.signature import prove
from integrations.settings import Settings
from ticketing.errors import Forbidden

FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "From": "+12349013030",
    "To": "+18005551212",
    "Caller": "+12349013030",
    "Digits": "1234",
}
PATH, OFFICIAL = "/myapp.php?foo=1&bar=2", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def account(public: str = "https://mycompany.com") -> Account:
    settings = Settings(twilio_account_sid="AC1", twilio_auth_token=SecretStr("12345"), public_url=public)
    found = Account.of(settings)
    assert found is not None
    return found


def test_the_official_vector() -> None:
    assert prove(account(), PATH, FIELDS, {"X-Twilio-Signature": OFFICIAL})


@pytest.mark.parametrize(
    ("path", "fields", "given"),
    [
        (PATH, FIELDS, ""),
        (PATH, FIELDS, OFFICIAL[:-1]),
        (PATH, FIELDS, "x" * 10_000),
        (PATH, FIELDS, "签名"),
        (PATH, FIELDS | {"Digits": "1235"}, OFFICIAL),
        (PATH, FIELDS | {"More": "1"}, OFFICIAL),
        ("/myapp.php?foo=1&bar=3", FIELDS, OFFICIAL),
    ],
)
def test_nothing_else_passes(path, fields, given) -> None:
    with pytest.raises(Forbidden):
        prove(account(), path, fields, {"X-Twilio-Signature": given})


def test_the_address_is_the_public_one() -> None:
    with pytest.raises(Forbidden):
        prove(account("https://other.example"), PATH, FIELDS, {"X-Twilio-Signature": OFFICIAL})
    assert prove(account("https://mycompany.com/"), PATH, FIELDS, {"X-Twilio-Signature": OFFICIAL})


def test_signatures_by_sha256_and_fields_given_twice() -> None:
    fields = MultiDict([("A", "2"), ("A", "1"), ("B", "3")])
    told = "https://mycompany.com/xA1A2B3"
    given = base64.b64encode(hmac.new(b"12345", told.encode(), hashlib.sha256).digest()).decode()
    headers = {"X-Twilio-Signature": given, "X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256"}
    assert prove(account(), "/x", fields, headers)
    with pytest.raises(Forbidden):
        prove(account(), "/x", fields, {"X-Twilio-Signature": given})


def test_without_an_account_there_is_none() -> None:
    assert Account.of(Settings()) is None
    assert Account.of(Settings(twilio_account_sid="AC1")) is None
