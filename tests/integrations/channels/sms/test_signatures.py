"""The carriers' own published examples, and what a text counts."""

from __future__ import annotations

import pytest

from integrations.channels.sms import aliyun, tencent
from integrations.channels.sms.port import segments
from ticketing.texts import mobile


def test_aliyun_published_example():
    form = {
        "AccessKeyId": "testId", "Action": "SendSms", "Format": "XML", "OutId": "123", "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou", "SignName": "阿里云短信测试专用", "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466", "SignatureVersion": "1.0",
        "TemplateCode": "SMS_71390007", "TemplateParam": '{"customer":"test"}', "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }  # fmt: skip
    assert aliyun.signature("GET", form, "testSecret") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


def test_tencent_published_example():
    body = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    given = tencent.authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm",
        "cvm.tencentcloudapi.com", body, 1551113065,
    )  # fmt: skip
    assert given.endswith("Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")
    assert "Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request," in given


@pytest.mark.parametrize(("length", "count"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
def test_segments(length, count):
    assert segments("热" * length) == count


def test_a_character_of_two_units_counts_twice():
    assert segments("𠮷" * 35) == 1
    assert segments("𠮷" * 36) == 2


@pytest.mark.parametrize(
    ("phone", "known"),
    [
        ("13800000001", "13800000001"), ("+8613800000001", "13800000001"), ("+15005550006", "+15005550006"),
        ("15005550006", "15005550006"), ("04770000000", None), ("12345", None), ("+8604770000000", None),
        ("", None), ("138000000012", None),
    ],
)  # fmt: skip
def test_who_gets_texts(phone, known):
    assert mobile(phone) == known
