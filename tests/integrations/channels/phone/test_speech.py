"""Numbers, dates, telephone numbers and money are read as people say them; sentences are short."""

from __future__ import annotations

import time

import pytest

from integrations.channels.phone.numerals import number
from integrations.channels.phone.speech import LONGEST, portions, spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "零"),
        ("10", "十"),
        ("12", "十二"),
        ("110", "一百一十"),
        ("105", "一百零五"),
        ("1005", "一千零五"),
        ("10000", "一万"),
        ("10500", "一万零五百"),
        ("100005", "十万零五"),
        ("1,200", "一千二百"),
        ("120000000", "一亿二千万"),
        ("100000001", "一亿零一"),
        ("20010001", "二千零一万零一"),
        ("3.50", "三点五零"),
        ("007", "零零七"),
    ],
)
def test_numbers(text, said):
    assert number(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("请拨打12345。", "请拨打一二三四五。"),
        ("请拨打110或者119", "请拨打幺幺零或者幺幺九"),
        ("消费投诉打12315。", "消费投诉打幺二三幺五。"),
        ("电话13812345678。", "电话幺三八，幺二三四，五六七八。"),
        ("电话：0477-8581234", "电话：零四七七，八五八幺二三四"),
        ("工单号：260101-000123-4", "工单号：二六零一零一，零零零一二三，四"),
        ("查询码：012345", "查询码：零一二三四五"),
        ("2026-11-22前办结", "二零二六年十一月二十二日前办结"),
        ("2026年3月2日起", "二零二六年三月二日起"),
        ("最晚 11月22日 17:30 前", "最晚 十一月二十二日 十七点三十分 前"),
        ("8:30–12:00，14:05开门", "八点三十分到十二点整，十四点零五分开门"),
        ("收10元", "收十元"),
        ("收12.50元", "收十二元五角"),
        ("收12.05元", "收十二元零五分"),
        ("收0.5元", "收五角"),
        ("收￥1,200元", "收一千二百元"),
        ("补贴1.5万元", "补贴一点五万元"),
        ("2元", "两元"),
        ("10元／本", "十元每本"),
        ("2个工作日", "两个工作日"),
        ("1-3个工作日", "一到三个工作日"),
        ("2号楼2单元", "二号楼二单元"),
        ("12月2日", "十二月二日"),
        ("降了3.5%", "降了百分之三点五"),
        ("2026年", "二零二六年"),
        ("查询码：886015", "查询码：八八六零一五"),
        ("电话：142****9997", "电话：幺四二开头，尾号九九九七"),
        ("排在第2位", "排在第二位"),
        ("第12条", "第十二条"),
        ("1. 身份证", "第一，身份证"),
        ("身份证（原件1份）", "身份证，原件一份"),
        ("《户口登记条例》第10条", "户口登记条例第十条"),
        ("年满16周岁", "年满十六周岁"),
        ("有1200人", "有一千二百人"),
        ("12345678901234567890", "一二三四五六七八九零一二三四五六七八九零"),
    ],
)
def test_reading(text, said):
    assert "".join(spoken(text)) == said


def test_a_web_address_is_not_read_out():
    assert spoken("网址：https://www.gov.cn/a?b=1\n带上身份证。") == ("带上身份证。",)
    assert spoken("到https://www.gov.cn/x 预约") == ("到 预约",)


def test_words_of_the_screen():
    assert spoken("没问题请回复“确认”。", {"请回复": "请说"}) == ("没问题请说确认。",)


def test_sentences_are_short_and_nothing_is_lost():
    text = "，".join(f"第{n}样材料要带原件和复印件" for n in range(20)) + "。"
    parts = spoken(text)
    assert max(map(len, parts)) <= LONGEST
    assert sum(part.count("材料") for part in parts) == 20
    assert all(portions(parts))
    assert sum(map(len, portions(parts))) == len(parts)


@pytest.mark.parametrize("piece", ["1", "1,", "1-", "（", "2026-", "\n", "，", "http://"])
def test_hostile_text_is_read_in_time(piece):
    started = time.perf_counter()
    spoken(piece * (20_000 // len(piece)))
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("text", ["", "。。。", "\n\n", "🙂", "￥"])
def test_nothing_to_say(text):
    assert all(part.strip() for part in spoken(text))
