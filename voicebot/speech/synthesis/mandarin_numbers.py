"""Numbers, money, dates, times and telephone numbers in Mandarin words.

The rules run in order, each taking what it is sure of: what an earlier one wrote has no digits left
for a later one. Telephone numbers and codes are read digit by digit with 幺 for 1, as people do on the telephone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.speech.synthesis.mandarin_signs import speak_signs
from voicebot.speech.synthesis.mandarin_words import (
    amount,
    cardinal,
    clock,
    code,
    digit_by_digit,
    half_day_clock,
    money,
    year,
)

_MAX_DIGITS_AS_NUMBER = 8

_CURRENCIES = {
    "¥": "元", "$": "美元", "€": "欧元", "£": "英镑", "HK$": "港元", "US$": "美元", "RMB": "元", "CNY": "元",
    "USD": "美元", "HKD": "港元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元",
}  # fmt: skip
_UNITS = {
    "km/h": "公里每小时", "m/s": "米每秒", "km²": "平方公里", "km": "公里", "kg": "公斤", "cm": "厘米", "mm": "毫米",
    "mg": "毫克", "ml": "毫升", "mL": "毫升", "m²": "平方米", "m2": "平方米", "㎡": "平方米", "m³": "立方米",
    "m": "米", "g": "克", "L": "升", "t": "吨", "W": "瓦", "kW": "千瓦", "kWh": "千瓦时", "V": "伏", "kV": "千伏",
    "mA": "毫安", "mAh": "毫安时", "Hz": "赫兹", "kHz": "千赫", "MHz": "兆赫", "dB": "分贝", "Pa": "帕", "kPa": "千帕",
    "MPa": "兆帕", "mmHg": "毫米汞柱", "mmol/L": "毫摩尔每升", "mol/L": "摩尔每升", "kcal": "千卡", "℃": "摄氏度",
    "°C": "摄氏度", "℉": "华氏度", "°F": "华氏度", "°": "度", "h": "小时", "min": "分钟", "s": "秒", "ms": "毫秒",
    "cm²": "平方厘米", "cm³": "立方厘米", "μm": "微米", "GB": "G", "TB": "T", "MB": "兆", "KB": "K", "Mbps": "兆",
    "M": "兆", "ft": "英尺",
}  # fmt: skip
# Words that say that the digits behind them are a code, not an amount.
_CODE_WORDS = (
    "电话|座机|手机号?码?|号码|[拨打]打?|致电|热线|分机号?|转|尾号|末四位|验证码|校验码|取件码|提货码|兑换码|密码|口令|工号|"
    "[快递物流运]*单号?|订单编?号?|编号|流水号|合同号|保单号|会员号|卡号|账号|帐号|账户|航班号?|车次|车牌号?|房间号?|门牌号|邮编|"
    "身份证号?码?|QQ号?|微信号?|代码|ID|No\\.编号"
)
_LIANG_WORDS = (
    "个|位|次|天|张|件|份|条|名|家|台|辆|本|只|杯|瓶|间|种|项|笔|套|岁|年|周|小时|分钟|秒|点|块|元|万|亿|千|百|倍|公里|公斤|米|"
    "人|遍|句|步|层|页|部|场|节|门|口|双|对|把|包|箱|袋|星期|礼拜|季度|斤|吨|升|平方米|美元|盒|颗|枚|台|班|期|盏|栋|届|克|晚|趟|座"
)  # fmt: skip
# Numbers that everybody knows as numbers to dial: carriers, banks, railways, hotlines of the state.
_SERVICE_NUMBERS = r"100(?:86|10|01)|12(?:306|315|333|345|348|366|388)|95\d{3}"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NO_DIGIT_BEFORE = r"(?<![\d.,])(?<!\d[ -])"
_RANGE = r"\s*[-~～—–至到]\s*"
_DASH = r"\s*[-~～—–]+\s*"


def speak_mandarin(text: str) -> str:
    """Replace what is written in digits and signs by words; English words stay as they are."""
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    return speak_signs(text)


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _day(month: str, day: str) -> str:
    return f"{cardinal(month)}月{cardinal(day)}日"


def _date(match: re.Match[str]) -> str:
    if not _is_day(int(match["month"]), int(match["day"])):
        return match.group()
    return f"{year(match['year'])}年{_day(match['month'], match['day'])}"


def _days(match: re.Match[str]) -> str:
    """9/1-9/5."""
    first, last = (match["month"], match["day"]), (match["month2"], match["day2"])
    if not (_is_day(*map(int, first)) and _is_day(*map(int, last))):
        return match.group()
    return f"{_day(*first)}到{_day(*last)}"


def _day_or_fraction(match: re.Match[str]) -> str:
    """11/22 is a day, 1/2 a fraction: a day where the text says so, or where nobody writes such a fraction."""
    above, below = int(match["above"]), int(match["below"])
    if _is_day(above, below) and (match["sure"] or below > 10 or below <= above):
        return _day(match["above"], match["below"])
    if 0 < above < below:
        return f"{cardinal(match['below'])}分之{cardinal(match['above'])}"
    return match.group()


def _time(match: re.Match[str]) -> str:
    second = match["second"]
    return clock(int(match["hour"]), int(match["minute"]), int(second) if second else None)


def _half_day(match: re.Match[str]) -> str:
    hour = int(match["hour"])
    if not 1 <= hour <= 12:
        return match.group()
    return half_day_clock(hour, int(match["minute"] or 0), match["half"].lower())


def _money(match: re.Match[str]) -> str:
    currency = _CURRENCIES[match["sign"]]
    if match["scale"]:
        return cardinal(match["number"]) + match["scale"] + currency
    return money(match["number"], currency)


def _money_range(match: re.Match[str]) -> str:
    return f"{amount(match['low'])}到{amount(match['high'])}{_CURRENCIES[match['sign']]}"


def _yuan(match: re.Match[str]) -> str:
    return ("负" if match["minus"] else "") + money(match["number"], "元")


def _range(match: re.Match[str]) -> str:
    low = cardinal(match["low"])
    if match["low"] == "2" and match["counted"]:
        low = "两"
    return ("百分之" if match["sign"] else "") + low + "到"


def _percent(match: re.Match[str]) -> str:
    return ("负" if match["minus"] else "") + "百分之" + cardinal(match["number"])


def _unit(match: re.Match[str]) -> str:
    unit = _UNITS[match["unit"]]
    if match["minus"]:
        return ("零下" if unit.endswith("氏度") else "负") + cardinal(match["number"]) + unit
    return amount(match["number"]) + unit


def _degrees_range(match: re.Match[str]) -> str:
    minus = "零下" if match["minus"] else ""
    return f"{minus}{cardinal(match['low'])}到{'零下' if match['minus2'] else ''}{cardinal(match['high'])}摄氏度"


def _mobile(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match["number"])
    prefix = "加八六，" if match["country"] else ""
    return prefix + "，".join(digit_by_digit(part) for part in (digits[:3], digits[3:7], digits[7:]))


def _grouped(match: re.Match[str]) -> str:
    """A telephone number with its groups as they are written; an extension is announced."""
    groups = re.findall(r"\d+", match["number"])
    if len(groups) == 1 and len(groups[0]) == 10:  # 4008001234
        groups = [groups[0][:3], groups[0][3:6], groups[0][6:]]
    spoken = "，".join(map(code, groups))
    return spoken + ("，转" + digit_by_digit(match["extension"]) if match["extension"] else "")


def _code(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match["digits"])
    if max(map(len, groups)) == 1:
        groups = ["".join(groups)]
    return match["word"] + match["letters"].replace("-", "") + "，".join(map(code, groups))


def _dotted(match: re.Match[str]) -> str:
    parts = match.group().split(".")
    return "点".join((digit_by_digit if len(parts) == 4 else cardinal)(part) for part in parts)


def _plain(match: re.Match[str]) -> str:
    minus, number, counted = "负" if match["minus"] else "", match["number"], match["counted"] or ""
    if number.isdigit() and _is_code(number) and not counted:
        return minus + code(number)
    return minus + cardinal(number) + counted


def _is_code(digits: str) -> bool:
    if len(digits) > 1 and digits.startswith("0"):
        return True
    # A round number is an amount, however long.
    return len(digits) >= _MAX_DIGITS_AS_NUMBER and not digits.endswith("000")


_NOT_AN_AMOUNT = r"(?![\d.%]|[,，]\d{3}|元|块|个|分|度|年|月|天|点|次|人|条|件|位|笔|张|小时)"
Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_SIGNS = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_CODES_OF_CURRENCIES = "|".join(sign for sign in _CURRENCIES if sign.isalpha())
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_HOUR = r"(?:[01]?\d|2[0-4])"
_CLOCK = rf"(?P<hour>{_HOUR})[:：](?P<minute>[0-5]\d)(?:[:：](?P<second>[0-5]\d))?(?![\d:：])(?:分(?!钟))?"
_MINUS = r"(?P<minus>(?:(?<=[\s（(，。:：、约为是至拔温达于])|^)[-−])?"
_EXTENSION = r"(?:\s?(?:转分?机?|分机|ext\.?|-)\s?(?P<extension>\d{1,6}))?(?!\d)"
_YEAR = r"(?:1[5-9]|20|21)\d\d"
_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern), replace)
    for pattern, replace in (
        # Telephone numbers first: they contain what looks like ranges and dates.
        (rf"{_NO_DIGIT_BEFORE}(?P<country>[(（]?(?:\+?86|0086)[)）]?[- ]?)?"
         r"(?P<number>1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)",
         _mobile),
        (rf"{_NO_DIGIT_BEFORE}(?P<number>[48]00(?:[- ]?\d{{3}}[- ]?\d{{4}}|-\d{{4}}-\d{{3}})){_EXTENSION}", _grouped),
        (rf"{_NO_DIGIT_BEFORE}(?P<number>[(（]0\d{{2,3}}[)）][- ]?\d{{3,4}}[- ]?\d{{4}}){_EXTENSION}", _grouped),
        (rf"{_NO_DIGIT_BEFORE}(?P<number>0\d{{2,3}}[- ]?(?:\d{{7,8}}|\d{{3,4}}[- ]\d{{4}})){_EXTENSION}", _grouped),
        (rf"{_NO_DIGIT_BEFORE}\+\d{{1,3}}[- ]\d{{2,4}}(?:[- ]?\d{{2,4}}){{1,3}}(?!\d)",
         lambda match: "加" + "，".join(map(digit_by_digit, re.findall(r"\d+", match.group())))),
        (rf"{_NO_DIGIT_BEFORE}(?:0\d{{2,3}}|95\d{{3}})(?:-\d+)+(?![\d-])",
         lambda match: "，".join(map(code, match.group().split("-")))),
        (r"(?<![\d.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.])", _dotted),
        (r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)T?", _date),
        (rf"(?<!\d)(?P<one>{_YEAR})年?{_RANGE}(?P<two>{_YEAR})(?=年)",
         lambda match: f"{year(match['one'])}到{year(match['two'])}"),
        (r"(?<!\d)\d0(?=年代)", lambda match: cardinal(match.group())),
        (r"(?<!\d)\d[05](?=(?:[、和]\d[05])*后(?![\u4e00-\u9fff]?天))", lambda match: year(match.group())),
        (rf"(?<!\d){_YEAR}(?=年(?!的?历史|来|之?久)|[届款版]|财年|春节)", lambda match: year(match.group())),
        (r"(?<!\d)(1\d|20)(\d0)s(?![A-Za-z])", lambda match: f"{year(match[1] + match[2])}年代"),
        (r"(?<![\d/])(?P<month>\d{1,2})/(?P<day>\d{1,2})" + _RANGE + r"(?P<month2>\d{1,2})/(?P<day2>\d{1,2})(?![\d/])",
         _days),
        (r"第(?P<page>\d+)/(?P<pages>\d+)页",
         lambda match: f"第{cardinal(match['page'])}页，共{cardinal(match['pages'])}页"),
        (r"(?<![\d/.])(?P<above>\d{1,2})/(?P<below>\d{1,2})(?![\d/.])"
         r"(?P<sure>[号日]|(?=\s?(?:[上下中]午|晚上|早上|周[一二三四五六日]|星期|[（(]周)))?", _day_or_fraction),
        (rf"(?<=[\dmM])\s*[-~～—–]\s*(?={_HOUR}(?:[:：][0-5]\d|\s?[apAP]\.?[mM]))", "到"),
        (r"(?<![\d.])(?<!\d[:：])(?P<hour>\d{1,2})(?:[:：](?P<minute>[0-5]\d))?\s?(?P<half>[apAP])\.?[mM](?![A-Za-z])\.?",
         _half_day),
        (rf"(?<!\d)(?<!\d[:：]){_CLOCK}", _time),
        (rf"(?P<word>(?:{_CODE_WORDS})(?:是|为|[:： 「“\"])*)(?P<letters>[A-Za-z]{{0,4}}-?)"
         rf"(?P<digits>\d[\d -]*\d)(?<![ -]){_NOT_AN_AMOUNT}", _code),
        (rf"(?<!\d)(?:{_SERVICE_NUMBERS})(?![\d.,]|{_LIANG_WORDS})", lambda match: digit_by_digit(match.group())),
        (r"(?<!\d)(?:985|211|996|315)(?=[高大院工晚、/和与]|$)", lambda match: digit_by_digit(match.group())),
        (r"(?<!\d)\d{3,4}(?=室|号?房(?!子|产|屋))|(?<=[楼栋座])\d{3,4}(?![\d.\u4e00-\u9fff])",
         lambda match: digit_by_digit(match.group())),
        (r"(?<![\d.])\d+(?:-\d+){2,}(?![\d.])",
         lambda match: "杠".join(digit_by_digit(part) for part in match.group().split("-"))),
        (rf"(?P<sign>{_SIGNS})\s?(?P<low>{_NUMBER}){_RANGE}(?:{_SIGNS})?(?P<high>{_NUMBER})(?![\d.]|[万亿千百])元?",
         _money_range),
        (rf"(?P<sign>{_SIGNS})\s?(?P<number>{_NUMBER})(?P<scale>[万亿千百]?)元?", _money),
        (rf"(?P<number>{_NUMBER})(?P<scale>[万亿千百]?)\s?(?P<sign>{_CODES_OF_CURRENCIES})(?![A-Za-z])", _money),
        (rf"(?P<minus>(?<![\d.,])[-−])?(?P<low>{_NUMBER})\s?(?:℃|°C)?{_RANGE}(?P<minus2>[-−])?(?P<high>{_NUMBER})"
         r"\s?(?:℃|°C)", _degrees_range),
        (r"(?<![\d-])(?P<low>\d+)-(?P<high>\d+)(?=\s*=)",
         lambda match: f"{cardinal(match['low'])}减{cardinal(match['high'])}"),
        (rf"(?<![\d.A-Za-z-])(?P<low>{_NUMBER})(?P<sign>[%％]?)\s*[-~～—–]+\s*(?=[-−]?(?:{_NUMBER})"
         rf"(?P<counted>{_LIANG_WORDS})?)(?!\d+[-\d]*-)", _range),
        (rf"(?P<minus>(?<![\u4e00-\u9fffA-Za-z\d)])[-−])?{_NO_DIGIT_BEFORE}(?P<number>{_NUMBER})元", _yuan),
        (rf"(?P<minus>(?<![A-Za-z\d)])[-−])?(?P<number>{_NUMBER})\s?[%％]", _percent),
        (rf"(?P<number>{_NUMBER})‰", lambda match: "千分之" + cardinal(match["number"])),
        (r"(?<!\d)(?<!\d[:：])(?P<left>\d+)[:：](?P<right>\d+)(?![\d:：])",
         lambda match: cardinal(match["left"]) + "比" + cardinal(match["right"])),
        (r"(?<=[\u4e00-\u9fff\d])/(?=[年月周天日人次个小时分秒])", "每"),
        (r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.])", _dotted),
        (r"(?<![\d.])(?P<hours>\d{1,2})h(?P<minutes>\d{1,2})m(?:in)?(?![A-Za-z])",
         lambda match: f"{amount(match['hours'])}小时{cardinal(match['minutes'])}分钟"),
        (rf"(?P<minus>(?<![A-Za-z\d)])[-−])?{_NO_DIGIT_BEFORE}(?P<number>{_NUMBER})"
         rf"\s?(?P<unit>{_UNIT_NAMES})(?![A-Za-z])", _unit),
        (r"(?<=\d米)\d\d(?!\d)", lambda match: digit_by_digit(match.group(), one="一")),
        # Letters and three digits or more are a name: CA1234, 1080P.
        (r"(?<=[A-Za-z_])(?<![A-Za-z]{7})\d{3,}(?![\d.])", lambda match: code(match.group())),
        (r"(?<![\d.,])\d{3,4}(?=[A-Za-z])", lambda match: code(match.group())),
        (r"(?<=[A-Za-z])-(?=\d)", "杠"),
        (rf"(?<![\d.,第])2(?={_LIANG_WORDS})(?!年级|月|号|日|楼)", "两"),
        (rf"{_MINUS}(?P<number>{_NUMBER})(?P<counted>{_LIANG_WORDS})?", _plain),
    )
)  # fmt: skip
