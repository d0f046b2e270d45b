from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.language.redaction import LABELS, redact


def types(text: str) -> list[str]:
    return [span.type for span in redact(text).spans]


@pytest.mark.parametrize(
    "text",
    [
        "电话13800138000",
        "手机１３８００１３８０００",
        "打138 0013 8000",
        "打138-0013-8000",
        "打 1 3 8 0 0 1 3 8 0 0 0 找我",
        "号码是幺三八零零幺三八零零零",
        "号码一三八，零零一三，八零零零",
        "+86 13800138000",
        "座机0477-8581234",
        "座机(0477)8581234",
        "电话三八五一二三四",
        "家里电话8581234",
    ],
)
def test_phones_however_they_are_written(text: str) -> None:
    assert types(text) == ["phone"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("身份证11010519491231002X", "id_card"),
        ("身份证号 1101 0519 4912 3100 2x", "id_card"),
        ("152701198001010010", "id_card"),
        ("卡号6222021234567890123被扣款", "bank_card"),
        ("4111 1111 1111 1111", "bank_card"),
        ("蒙K12345占道", "plate"),
        ("蒙K·D12345占道", "plate"),
        ("蒙kd12345占道", "plate"),
        ("蒙A1234挂超载", "plate"),
        ("发到zhang_san@163.com", "email"),
        ("住东胜区金色家园3号楼2单元501室", "address"),
        ("家住伊金霍洛旗阿镇富民小区5栋1单元402", "address"),
        ("我住阳光小区六号楼三单元五零一", "address"),
        ("我叫王建国，要投诉", "name"),
        ("姓名：李四", "name"),
        ("联系人乌云其木格", "name"),
        ("我是苏日娜", "name"),
    ],
)
def test_each_type(text: str, kind: str) -> None:
    assert types(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "打了12345、110、12315、12329都没人管",
        "工单号261105-000123-7一直没人回",
        "2024年11月5日13:40交了12000元",
        "金色家园3号楼停暖三天了",
        "我是高中生家长，业主方面都同意",
        "合同编号20241105001234567",
        "一共一百三十八万零五百元",
        "12345热线转95598",
        "王女士反映暖气不热",
        "面积138.5平方米，单价5800元",
    ],
)
def test_what_identifies_nobody_stays(text: str) -> None:
    assert redact(text).text == text


def test_labels_take_the_place_of_the_data() -> None:
    result = redact("我叫王建国，电话13800138000，车牌蒙K12345")
    assert result.text == "我叫〔姓名〕，电话〔电话〕，车牌〔车牌〕"


def test_offsets_are_those_of_the_input() -> None:
    text = "ＡＢ座机０４７７－８５８１２３４谢谢"
    (span,) = redact(text).spans
    assert text[span.start : span.end] == "０４７７－８５８１２３４"


@settings(max_examples=300, deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from("0123456789一幺三八 -@.号楼单元室我叫王蒙KX")), max_size=80))
def test_redaction_is_total_and_its_spans_are_apart(text: str) -> None:
    result = redact(text)
    position = 0
    for span in result.spans:
        assert position <= span.start < span.end <= len(text)
        assert span.type in LABELS
        position = span.end


@pytest.mark.parametrize("piece", ["1 ", "a@", "蒙K1", "3号楼", "我叫", "巴图", "〇一", "号1-1-"])
def test_hostile_length_costs_linear_time(piece: str) -> None:
    redact(piece * 10)
    text = piece * (40_000 // len(piece))
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("电话13812345678一直打不通", "电话〔电话〕一直打不通"),
        ("工资卡6217 0001 4000 1234 567一直没发钱", "工资卡〔银行卡〕一直没发钱"),
        ("身份证15270119850312451叉", "身份证〔身份证〕"),
        ("邮箱li_wei艾特qq点com收不到", "邮箱〔邮箱〕收不到"),
        ("mengke at outlook dot com", "〔邮箱〕"),
        ("车牌蒙K五八八六六", "车牌〔车牌〕"),
        ("新能源车蒙KD12345停在消防通道", "新能源车〔车牌〕停在消防通道"),
        ("我叫宝音德力格尔", "我叫〔姓名〕"),
        ("感谢其木格护士", "感谢〔姓名〕护士"),
        ("王府路58号院4栋301", "〔住址〕"),
        ("工单260303-000123-4，查询码482913，拨12345和95598", "工单260303-000123-4，查询码482913，拨12345和95598"),
        ("统一社会信用代码91150602MA0Q1W2X3Y，用电380度", "统一社会信用代码91150602MA0Q1W2X3Y，用电380度"),
    ],
)
def test_what_the_development_set_taught(text: str, hidden: str) -> None:
    assert redact(text).text == hidden
