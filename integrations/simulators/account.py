"""The accounts a simulator hands out (模拟账号): the house is configured with them as with a provider's own."""

from __future__ import annotations

from dataclasses import dataclass

# Twilio's own magic number, which belongs to nobody, and ids of the length that real ones have.
NUMBER = "+15005550006"
_SID, _TOKEN = "AC" + "5" * 32, "simulated-phone-token"
_WECHAT_ID, _WECHAT_SECRET, _WECHAT_TOKEN = "wx" + "5" * 16, "simulated-wechat-secret", "simulatedtoken"
_SMS_ID, _SMS_SECRET, _SMS_APP, _RECEIPT_KEY = "simulated-id", "simulated-sms-secret", "1400000000", "simulated-key"
AES_KEY = "s" * 42 + "0"
WECHAT_NAME = "gh_" + "5" * 12


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the simulator calls, and the ids and secrets both sides know.

    `house` is the address the house believes to have, which signatures cover; `reach` is where it listens.
    """

    house: str
    reach: str
    sid: str = _SID
    token: str = _TOKEN
    number: str = NUMBER
    wechat_id: str = _WECHAT_ID
    wechat_secret: str = _WECHAT_SECRET
    wechat_token: str = _WECHAT_TOKEN
    wechat_key: str = ""
    sms_provider: str = "twilio"
    sms_id: str = _SMS_ID
    sms_secret: str = _SMS_SECRET
    sms_app: str = _SMS_APP
    receipt_key: str = _RECEIPT_KEY

    def where(self, url: str) -> str:
        """Where an address of the house is really asked."""
        return self.reach + url.removeprefix(self.house)

    def environment(self, base: str) -> dict[str, str]:
        """What `./hotline up` is started with; `base` is the simulator's own address."""
        return {
            "TWILIO_API_BASE": base,
            "TWILIO_ACCOUNT_SID": self.sid,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_FROM": self.number,
            "PHONE_FROM": self.number,
            "PHONE_OPERATORS": "client:desk",
            "WECHAT_API_BASE": base,
            "WECHAT_APP_ID": self.wechat_id,
            "WECHAT_APP_SECRET": self.wechat_secret,
            "WECHAT_TOKEN": self.wechat_token,
            **({"WECHAT_AES_KEY": self.wechat_key} if self.wechat_key else {}),
            "SMS_PROVIDER": self.sms_provider,
            "SMS_RECEIPT_SECRET": self.receipt_key,
            "ALIYUN_SMS_BASE": f"{base}/aliyun",
            "ALIYUN_ACCESS_KEY_ID": self.sms_id,
            "ALIYUN_ACCESS_KEY_SECRET": self.sms_secret,
            "TENCENT_SMS_BASE": f"{base}/tencent",
            "TENCENT_SECRET_ID": self.sms_id,
            "TENCENT_SECRET_KEY": self.sms_secret,
            "TENCENT_SMS_APP_ID": self.sms_app,
        }
