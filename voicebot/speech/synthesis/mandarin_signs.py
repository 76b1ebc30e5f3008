"""Signs between words in Mandarin: "/" as 或, "+" as 加, "~" as 到, Greek letters by their names."""

from __future__ import annotations

import re

_CJK = r"\u4e00-\u9fff"
# What a number in words ends and begins with.
_NUMERAL = "零幺一二两三四五六七八九十百千万亿"
_GREEK = {
    "α": "阿尔法", "β": "贝塔", "γ": "伽马", "δ": "德尔塔", "λ": "拉姆达", "μ": "微", "π": "派", "σ": "西格玛",
    "Ω": "欧姆", "ω": "欧米伽", "Δ": "德尔塔", "Σ": "西格玛",
}  # fmt: skip
_RULES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?i)\bTop\s*(?=[" + _NUMERAL + "])", "前"),
        (r"(?i)\bNo\.?\s*(?=[" + _NUMERAL + "])", "第"),
        (rf"(?<=[{_NUMERAL}])\s*[×xX*]\s*(?=[{_NUMERAL}])", "乘"),
        (rf"(?<=[{_NUMERAL}])\s*÷\s*(?=[{_NUMERAL}])", "除以"),
        (r"(?<=[A-Za-z])\s*&\s*(?=[A-Za-z])", " and "),
        (r"\s*&\s*", "和"),
        (rf"(?<=[点时日号月年分半秒楼层度元岁周一二三四五六日末%℃{_NUMERAL}])\s*[-~～—–]\s*"
         rf"(?=[{_NUMERAL}负第周早上中下午晚百])", "到"),
        (rf"(?<![{_CJK}A-Za-z])[~～≈]\s*(?=[{_NUMERAL}百])|(?<=[{_CJK}])≈\s*(?=[{_NUMERAL}百])", "约"),
        (rf"(?<=[{_CJK}A-Za-z+])\s*\+", "加"),
        (rf"\+\s*(?=[{_NUMERAL}百])", "加"),
        (rf"(?<=[{_CJK}A-Za-z])\s*=\s*(?=[{_CJK}A-Za-z])", "等于"),
        (rf"≥\s*(?=[{_CJK}])", "大于等于"),
        (rf"≤\s*(?=[{_CJK}])", "小于等于"),
        (rf">\s*(?=[{_NUMERAL}])", "大于"),
        (rf"<\s*(?=[{_NUMERAL}])", "小于"),
        (rf"±\s*(?=[{_NUMERAL}])", "正负"),
        (rf"(?<=[{_NUMERAL}A-Za-z])\^(?=[{_NUMERAL}]+)([{_NUMERAL}]+)", r"的\1次方"),
        (r"²", "的平方"),
        (r"³", "的立方"),
        (r"√", "根号"),
        (r"#号?(?=键)|井号?(?=键)|#", "井号"),
        (r"\*号?(?=键)|\*", "星号"),
        (rf"(?<=[{_NUMERAL}])/(?=[{_NUMERAL}])", "斜杠"),
        (rf"(?<=[{_CJK}])\s*/\s*(?=[{_CJK}])|(?<=\b[A-Z])/(?=[A-Z]\b)", "或"),
        (r"(?<=[A-Za-z])/(?=[A-Za-z])", " "),
        (rf"(?<=[{_CJK}])[·•・](?=[{_CJK}])", ""),
        (rf"(?<=[{_CJK}])\s*[|｜]\s*(?=[{_CJK}])", "，"),
        (rf"(?<=[{_CJK}])\s*[~～]\s*(?=[{_CJK}A-Za-z])", "，"),
        (r"[~～]+\s*$", "。"),
        (rf"(?<=[{_NUMERAL}])\.\s+(?=[{_CJK}])", "、"),
        (rf"(?<=[{_CJK}]) +(?=[{_CJK}])", ""),
    )
)  # fmt: skip


def speak_signs(text: str) -> str:
    """Replace signs by words; the numbers around them must be words already."""
    for letter, name in _GREEK.items():
        text = text.replace(letter, name)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
