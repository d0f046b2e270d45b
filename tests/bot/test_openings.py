from __future__ import annotations

import pytest

from bot.leaning import Group, Leaning, informed
from bot.nlu import Parse
from bot.openings import InForm, Openings


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("新生儿上户口要带哪些材料", Group.ASK),
        ("楼上天天半夜剁骨头,物业也不管,你们管不管", Group.APPEAL),
        ("上回我反映的路灯有信儿没", Group.TICKET),
        ("给我接个活人", Group.HANDOFF),
        ("帮我写一首关于秋天的诗", Group.OUT_OF_SCOPE),
        ("你好呀,今天过得怎么样", Group.TALK),
    ],
)
def test_the_kind_of_an_opening(openings: Openings, text: str, kind: Group) -> None:
    heard = openings.hear(text)
    assert max(heard.shares, key=lambda one: heard.shares[one]) is kind
    assert sum(heard.shares.values()) == pytest.approx(1)
    assert sum(heard.in_form.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("算了不报了,人家刚来修好了", InForm.CANCEL),
        ("你们办这个收不收费", InForm.QUESTION),
        ("号码就不留了吧,怕他们打过来", InForm.REFUSE),
        ("说错了,是三号楼不是二号楼", InForm.CORRECT),
        ("就在我们小区东门那个垃圾站旁边", InForm.ANSWER),
    ],
)
def test_what_is_said_to_an_open_form(openings: Openings, text: str, does: InForm) -> None:
    heard = openings.hear(text)
    assert max(heard.in_form, key=lambda one: heard.in_form[one]) is does


def test_two_models_share_the_say() -> None:
    parse = Parse("greet", 0.6, (("greet", 0.6), ("appeal_help", 0.3), ("appeal_report", 0.1)), (), "rasa")
    both = informed(parse, {Group.APPEAL: 0.9, Group.ASK: 0.1})
    leaning = Leaning.of(both)
    assert leaning.group is Group.APPEAL
    assert leaning.share(Group.APPEAL) == pytest.approx(0.65)
    assert both.intent == "appeal_help"
    assert leaning.share(Group.ASK) == pytest.approx(0.05)  # the language model had not thought of asking at all
