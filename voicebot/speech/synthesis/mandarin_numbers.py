"""Numbers, money, dates, times and telephone numbers in Mandarin words.

The rules run in order, each taking what it is sure of: what an earlier one wrote has no digits left
for a later one. Long digit runs are read digit by digit with 幺 for 1, as people do on the telephone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import cn2an  # type: ignore[import-untyped]

_DIGITS = "零一二三四五六七八九"
_PHONE_DIGITS = "零幺二三四五六七八九"
_MAX_DIGITS_AS_NUMBER = 8
_MAX_CENTS_DIGITS = 2

_CURRENCIES = {"¥": "元", "$": "美元", "€": "欧元", "£": "英镑", "HK$": "港元", "US$": "美元"}
_UNITS = {
    "km/h": "公里每小时", "m/s": "米每秒", "km²": "平方公里", "km": "公里", "kg": "公斤", "cm": "厘米", "mm": "毫米",
    "mg": "毫克", "ml": "毫升", "mL": "毫升", "m²": "平方米", "m2": "平方米", "㎡": "平方米", "m³": "立方米",
    "m": "米", "g": "克", "L": "升", "t": "吨", "kW": "千瓦", "kWh": "千瓦时", "V": "伏", "℃": "摄氏度",
    "°C": "摄氏度", "℉": "华氏度", "°": "度", "h": "小时", "min": "分钟", "s": "秒", "ms": "毫秒",
}  # fmt: skip
# Words that say that the digits behind them are a code, not an amount.
_CODE_WORDS = (
    "电话|手机号?码?|号码|拨打?|致电|热线|分机号?|转|尾号|验证码|校验码|密码|工号|单号|订单号?|编号|卡号|账号|帐号|"
    "航班号?|车次|房间号?|邮编|QQ号?|微信号?|代码"
)
_LIANG_WORDS = (
    "个|位|次|天|张|件|份|条|名|家|台|辆|本|只|杯|瓶|间|种|项|笔|套|岁|年|周|小时|分钟|秒|点|块|元|万|亿|千|倍|公里|公斤|米|"
    "人|遍|句|步|层|页|部|场|节|门|口|双|对|把|包|箱|袋|星期|礼拜|季度"
)  # fmt: skip
# Numbers that everybody knows as numbers to dial: carriers, banks, railways, hotlines of the state.
_SERVICE_NUMBERS = r"100(?:86|10|00|01)|12(?:306|315|333|345|348|366|388)|95\d{3}"
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NO_DIGIT_BEFORE = r"(?<![\d.,])"


def digit_by_digit(digits: str, one: str = "幺") -> str:
    """Read digits one after the other; anything else in the string is dropped."""
    names = _PHONE_DIGITS if one == "幺" else _DIGITS
    return "".join(names[int(digit)] for digit in digits if "0" <= digit <= "9")


def cardinal(number: str) -> str:
    """Read an amount: "1,050" is 一千零五十, "3.50" is 三点五零."""
    whole, _, fraction = number.replace(",", "").partition(".")
    if len(whole) > _MAX_DIGITS_AS_NUMBER * 2:
        spoken = digit_by_digit(whole, one="一")
    else:
        spoken = str(cn2an.an2cn(str(int(whole)), "low"))
    return spoken + ("点" + digit_by_digit(fraction, one="一") if fraction else "")


def speak_mandarin(text: str) -> str:
    """Replace what is written in digits and signs by words; English words stay as they are."""
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    return text


def _date(match: re.Match[str]) -> str:
    year, month, day = match.group("year"), int(match.group("month")), int(match.group("day"))
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match.group()
    return f"{digit_by_digit(year, one='一')}年{cardinal(str(month))}月{cardinal(str(day))}日"


def _time(match: re.Match[str]) -> str:
    hour, minute, second = int(match["hour"]), int(match["minute"]), match["second"]
    if hour > 24 or minute > 59 or (second and int(second) > 59):
        return match.group()
    spoken = ("两" if hour == 2 else cardinal(str(hour))) + "点"
    if second:
        return spoken + _padded(minute) + "分" + _padded(int(second)) + "秒"
    if minute == 0:
        return spoken
    return spoken + ("半" if minute == 30 else _padded(minute) + "分")


def _padded(number: int) -> str:
    return ("零" if 0 < number < 10 else "") + cardinal(str(number))


def _money(amount: str, currency: str) -> str:
    """元 with 角 and 分 where there are two decimals at most, else a plain decimal number."""
    whole, _, cents = amount.replace(",", "").partition(".")
    if currency != "元" or not cents or len(cents) > _MAX_CENTS_DIGITS:
        return _amount(amount) + currency
    jiao, fen = int(cents[0]), int((cents + "0")[1])
    spoken = _amount(whole) + "元" if int(whole) or not (jiao or fen) else ""
    if jiao:
        spoken += _DIGITS[jiao] + "角"
    elif fen and spoken:
        spoken += "零"
    return spoken + (_DIGITS[fen] + "分" if fen else "")


def _amount(number: str) -> str:
    return "两" if number == "2" else cardinal(number)


def _money_range(match: re.Match[str]) -> str:
    return f"{_amount(match['low'])}到{_amount(match['high'])}{_CURRENCIES[match['sign']]}"


def _unit(match: re.Match[str]) -> str:
    unit = _UNITS[match["unit"]]
    if match["minus"]:
        return ("零下" if unit.endswith("氏度") else "负") + cardinal(match["number"]) + unit
    return _amount(match["number"]) + unit


def _mobile(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match["number"])
    prefix = "加八六，" if match["country"] else ""
    return prefix + "，".join(digit_by_digit(part) for part in (digits[:3], digits[3:7], digits[7:]))


def _grouped(match: re.Match[str]) -> str:
    return "，".join(digit_by_digit(part) for part in re.findall(r"\d+", match.group()))


def _code(match: re.Match[str]) -> str:
    return match["word"] + digit_by_digit(match["digits"])


def _dotted(match: re.Match[str]) -> str:
    return "点".join(cardinal(part) for part in match.group().split("."))


def _fraction(match: re.Match[str]) -> str:
    above, below = int(match["above"]), int(match["below"])
    return f"{cardinal(str(below))}分之{cardinal(str(above))}" if 0 < above < below else match.group()


def _plain(match: re.Match[str]) -> str:
    minus = "负" if match["minus"] else ""
    number = match["number"]
    whole = number.partition(".")[0]
    is_code = len(whole) > _MAX_DIGITS_AS_NUMBER or (len(whole) > 1 and whole.startswith("0"))
    if number.isdigit() and is_code:
        return minus + digit_by_digit(number)
    return minus + cardinal(number)


_NOT_AN_AMOUNT = r"(?![\d.%]|[,，]\d{3}|元|块|个|分|度|年|月|天|点|次)"
Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
_SIGNS = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?:[:：](?P<second>[0-5]\d))?(?![\d:：])"
_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern), replace)
    for pattern, replace in (
        # Telephone numbers first: they contain what looks like ranges and dates.
        (rf"{_NO_DIGIT_BEFORE}(?P<country>\+?86[- ]?)?(?P<number>1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}})(?!\d)", _mobile),
        (rf"{_NO_DIGIT_BEFORE}[48]00(?:[- ]?\d{{3}}[- ]?\d{{4}}|-\d{{4}}-\d{{3}})(?!\d)", _grouped),
        (rf"{_NO_DIGIT_BEFORE}\(?0\d{{2,3}}\)?[- ]?\d{{7,8}}(?:-\d{{1,6}})?(?!\d)", _grouped),
        (r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)", _date),
        (r"(?<!\d)\d{4}(?=年)", lambda match: digit_by_digit(match.group(), one="一")),
        (r"(?<=\d)\s*[-~～—–]\s*(?=(?:[01]?\d|2[0-4])[:：][0-5]\d)", "到"),
        (rf"(?<![\d:：]){_CLOCK}", _time),
        (rf"(?P<word>(?:{_CODE_WORDS})(?:是|为|[:： ])*)(?P<digits>\d[\d -]*\d){_NOT_AN_AMOUNT}", _code),
        (rf"(?<!\d)(?:{_SERVICE_NUMBERS})(?![\d.,]|{_LIANG_WORDS})", lambda match: digit_by_digit(match.group())),
        (rf"(?P<sign>{_SIGNS})\s?(?P<low>{_NUMBER})[-~～—–](?:{_SIGNS})?(?P<high>{_NUMBER})", _money_range),
        (rf"(?P<sign>{_SIGNS})\s?(?P<number>{_NUMBER})(?P<scale>[万亿千百]?)",
         lambda match: cardinal(match["number"]) + match["scale"] + _CURRENCIES[match["sign"]] if match["scale"]
         else _money(match["number"], _CURRENCIES[match["sign"]])),
        (rf"{_NO_DIGIT_BEFORE}(?P<number>{_NUMBER})元", lambda match: _money(match["number"], "元")),
        (rf"(?<![\d.A-Za-z-])(?P<low>{_NUMBER})(?P<sign>[%％]?)\s*[-~～—–]\s*(?={_NUMBER})(?!\d+[-\d]*-)",
         lambda match: ("百分之" if match["sign"] else "") + cardinal(match["low"]) + "到"),
        (rf"(?P<minus>(?<![A-Za-z\d)])[-−])?(?P<number>{_NUMBER})\s?[%％]",
         lambda match: ("负" if match["minus"] else "") + "百分之" + cardinal(match["number"])),
        (rf"(?P<number>{_NUMBER})‰", lambda match: "千分之" + cardinal(match["number"])),
        (r"(?<![\d:：])(?P<left>\d+)[:：](?P<right>\d+)(?![\d:：])",
         lambda match: cardinal(match["left"]) + "比" + cardinal(match["right"])),
        (r"(?<=[\u4e00-\u9fff])/(?=[年月周天日人次个小时分秒])", "每"),
        (r"(?<![\d.])\d+(?:\.\d+){2,}(?![\d.])", _dotted),
        (r"(?<![\d/])(?P<above>\d{1,2})/(?P<below>\d{1,2})(?![\d/])", _fraction),
        (rf"(?P<minus>(?<![A-Za-z\d)])[-−])?{_NO_DIGIT_BEFORE}(?P<number>{_NUMBER})"
         rf"\s?(?P<unit>{_UNIT_NAMES})(?![A-Za-z])", _unit),
        (rf"(?<![\d.,第])2(?={_LIANG_WORDS})(?!年级|月|号|日|楼)", "两"),
        (rf"(?P<minus>(?:(?<=[\s（(，。:：])|^)[-−])?(?P<number>{_NUMBER})", _plain),
        (r"(?<=[零一二三四五六七八九十百千万亿两])\s*[×xX*]\s*(?=[零一二三四五六七八九十百千万亿两])", "乘"),
        (r"\s*&\s*", "和"),
        (r"(?<=[零-龥])\s*\+\s*(?=[零-龥])", "加"),
        (r"(?<=[零-龥])\s*=\s*(?=[零-龥])", "等于"),
        (r"#号?(?=键)|井号?(?=键)|#", "井号"),
        (r"\*号?(?=键)|\*", "星号"),
        (r"(?<=[零-龥])\s*[~～]\s*(?=[零-龥])", "到"),
        (r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])", ""),
    )
)  # fmt: skip
