"""What a citizen accepts of subscription notices, as WeChat's own dialogue and settings tell it."""

from __future__ import annotations

import time

from integrations.channels.wechat import budget
from integrations.channels.wechat.messages import read_fields, read_message
from integrations.channels.wechat.notices import fitted, wishes

OPENID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"
POPUP = """<xml><ToUserName><![CDATA[gh_123456789abc]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>
<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[subscribe_msg_popup_event]]></Event><SubscribeMsgPopupEvent>
<List><TemplateId><![CDATA[VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc]]></TemplateId>
<SubscribeStatusString><![CDATA[accept]]></SubscribeStatusString><PopupScene>2</PopupScene></List>
<List><TemplateId><![CDATA[9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI]]></TemplateId>
<SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString><PopupScene>2</PopupScene></List>
</SubscribeMsgPopupEvent></xml>"""
CHANGE = """<xml><ToUserName><![CDATA[gh_123456789abc]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>
<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[subscribe_msg_change_event]]></Event><SubscribeMsgChangeEvent>
<List><TemplateId><![CDATA[VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc]]></TemplateId>
<SubscribeStatusString><![CDATA[reject]]></SubscribeStatusString></List></SubscribeMsgChangeEvent></xml>"""
ACCEPTED, REFUSED = "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc", "9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI"


def test_each_template_of_a_list_has_its_own_answer():
    incoming = read_message(read_fields(POPUP.format(openid=OPENID, at=1).encode()))
    assert wishes(incoming) == {ACCEPTED: True, REFUSED: False}


async def test_accepted_and_taken_back(account_house, deliver):
    assert await deliver.post(POPUP.format(openid=OPENID, at=int(time.time()))) == "success"
    with account_house.database.read() as session:
        assert budget.notices(session, OPENID) == {ACCEPTED}
    assert await deliver.post(CHANGE.format(openid=OPENID, at=int(time.time()) + 1)) == "success"
    with account_house.database.read() as session:
        assert budget.notices(session, OPENID) == frozenset()


def test_values_as_long_as_their_fields():
    assert fitted("thing2", "字" * 30) == "字" * 19 + "…"
    assert fitted("character_string1", "261120-000001-4") == "261120-000001-4"
    assert fitted("phrase3", "已转承办单位办理") == "已转承办…"
