from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SynthesisError
from voicebot.speech.synthesis.mandarin_words import cardinal, digit_by_digit
from voicebot.speech.synthesis.normalise import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21开始", "二零二六年十一月二十一日开始"),
        ("2026年11月21日", "二零二六年十一月二十一日"),
        ("15:30", "十五点半"),
        ("2:00，9:05，24:15", "两点，九点零五分，二十四点十五分"),
        ("8:05:09", "八点零五分零九秒"),
        ("9:00-18:00", "九点到十八点"),
        ("拨打13800138001", "拨打幺三八，零零幺三，八零零幺"),
        ("+86 138 0013 8001", "加八六，幺三八，零零幺三，八零零幺"),
        ("010-12345678", "零幺零，幺二三四，五六七八"),
        ("400-800-1234", "四零零，八零零，幺二三四"),
        ("拨打95588或10086", "拨打九五五八八或幺零零八六"),
        ("10086元", "一万零八十六元"),
        ("验证码是 082361", "验证码是零八二三六幺"),
        ("尾号1234的卡", "尾号幺二三四的卡"),
        ("身份证110101199003071234", "身份证幺幺零幺零幺，幺九九零，零三零七，幺二三四"),
        ("¥1,234.56", "一千二百三十四元五角六分"),
        ("23.50元", "二十三元五角"),
        ("0.05元", "五分"),
        ("￥100.05", "一百元零五分"),
        ("$5万", "五万美元"),
        ("¥3-5", "三到五元"),
        ("2元", "两元"),
        ("3.5%，-3%", "百分之三点五，负百分之三"),
        ("10%-20%", "百分之十到百分之二十"),
        ("气温-5℃", "气温零下五摄氏度"),
        ("5km，100km/h，2kg，3m²", "五公里，一百公里每小时，两公斤，三平方米"),
        ("3-5天", "三到五天"),
        ("2个，12个，第2次，2楼，2月", "两个，十二个，第二次，二楼，二月"),
        ("1/3，3:2", "三分之一，三比二"),
        ("版本3.5.1", "版本三点五点一"),
        ("128元/月", "一百二十八元每月"),
        ("按*键或#键", "按星号键或井号键"),
        ("１２３", "一百二十三"),
        ("Hello，王先生 & 李女士的 VIP 卡", "Hello，王先生和李女士的 VIP 卡"),
        ("25:61", "二十五比六十一"),
        ("👍", ""),
    ],
)
def test_mandarin(text: str, expected: str) -> None:
    assert normalise(text, "zh") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call 555-012-3456 now", "Call 5 5 5, 0 1 2, 3 4 5 6 now"),
        ("(555) 012-3456", "5 5 5, 0 1 2, 3 4 5 6"),
        ("order 12345678", "order 1 2 3 4 5 6 7 8"),
        ("code 0823", "code 0 8 2 3"),
        ("at 3:30 pm, 3:00 p.m., 10:05, 9:00", "at 3 30 PM, 3 PM, 10 oh 5, 9 o'clock"),
        ("come at 3:00 p.m. sharp. At 4:00 p.m. Bring it.", "come at 3 PM sharp. At 4 PM. Bring it."),
        ("9:00-17:30", "9 o'clock to 17 30"),
        ("$5.50, $1, $0.99", "5 dollars and 50 cents, 1 dollar, 99 cents"),
        ("£2.01, $3 million", "2 pounds and 1 penny, 3 million dollars"),
        ("$1,234", "1,234 dollars"),
        ("20% off", "20 percent off"),
        ("R&D", "R and D"),
        ("7-10 days", "7 to 10 days"),
        ("2026-11-21", "November 21 2026"),
        ("press # or *.", "press pound or star."),
        ("order #5", "order number 5"),
        ("joe@example.com", "joe at example dot com"),
        ("Hello 你好 there", "Hello there"),
        ("你好", ""),
    ],
)  # fmt: skip
def test_english(text: str, expected: str) -> None:
    assert normalise(text, "en") == expected


@given(st.integers(0, 10**12), st.sampled_from(["", "元", "%", "个", "km", "-5", ":30", ".5", "/3", "年"]))
def test_no_digit_is_left_in_mandarin(number: int, tail: str) -> None:
    assert not re.search(r"\d", normalise(f"共{number}{tail}。", "zh"))


_PIECES = st.sampled_from(
    [
        *("1", "20", "3.5", "0", "007", "138", "2026", "12345678", ":", "-", "/", "~", "%", "元", "¥", "$", "km", "℃"),
        *("个", "年", "月", "号", "点", "第", "订单号", "转", "order ", "am", " pm", "www.", "a.com", "@", "https://"),
        *("**", "#", "|", "\n", "- ", "你好", "，", "。", "！", "hello", " ", "(", "）", "&amp;", "<b>", "½", "Ⅳ", "①"),
        *("😀", "+", "=", "x", ".", "’", "é", "π"),
    ]
)
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=12).map("".join))


@given(_TEXTS)
def test_a_mandarin_voice_gets_nothing_that_it_cannot_read(text: str) -> None:
    spoken = normalise(text, "zh")
    assert re.fullmatch(r"[\u3400-\u9fffA-Za-z \-,.!?;:'\"()—…，。！？；：、“”‘’（）]*", spoken)
    assert spoken == spoken.strip()
    assert not spoken or any(character.isalnum() for character in spoken)


@given(_TEXTS)
def test_an_english_voice_gets_nothing_that_it_cannot_read(text: str) -> None:
    spoken = normalise(text, "en")
    for character in spoken:
        assert character.isalpha() or character in "0123456789 -,.!?;:'\"()—…“”‘’", character
        assert not "\u3400" <= character <= "\u9fff"
    assert spoken == spoken.strip()


@given(st.from_regex(r"(\d{1,6}[ -.,:/%~]){1,8}", fullmatch=True))
def test_no_digit_is_left_of_any_mix_of_numbers(text: str) -> None:
    assert not re.search(r"\d", normalise(text, "zh"))


@given(st.integers(0, 99_999_999))
def test_cardinals_are_read_back(number: int) -> None:
    assert _value(cardinal(str(number))) == number


def _value(spoken: str) -> int:
    """A reader of Mandarin numbers that shares nothing with the writer."""
    high, _, low = spoken.rpartition("万")
    total = 0
    for part, scale in ((high, 10_000), (low, 1)):
        digit = 0
        value = 0
        for character in part:
            if character in "十百千":
                value += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
                digit = 0
            else:
                digit = "零一二三四五六七八九".index("二" if character == "两" else character)
        total += (value + digit) * scale
    return total


def test_a_number_without_end_takes_no_time_without_end() -> None:
    # Each of these is read; a rule that begins anew at every digit would take minutes.
    assert len(normalise("1" * 20_000, "zh").replace("，", "")) == 20_000
    assert normalise("1" * 20_000, "en").count("1") == 20_000


def test_digits_one_by_one() -> None:
    assert digit_by_digit("1-02") == "幺零二"
    assert digit_by_digit("2021", one="一") == "二零二一"


def test_a_language_nobody_reads_is_refused() -> None:
    with pytest.raises(SynthesisError, match="fr"):
        normalise("bonjour", "fr")
