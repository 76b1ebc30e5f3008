"""English words for money, dates, fractions and units: the parts that the rules of ``english`` are made of."""

from __future__ import annotations

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
CURRENCIES = {
    "$": ("dollar", "cent"), "US$": ("US dollar", "cent"), "HK$": ("Hong Kong dollar", "cent"), "€": ("euro", "cent"),
    "£": ("pound", "penny"), "¥": ("yuan", ""), "USD": ("US dollar", "cent"), "EUR": ("euro", "cent"),
    "GBP": ("pound", "penny"), "CNY": ("yuan", ""), "RMB": ("yuan", ""), "JPY": ("yen", ""),
}  # fmt: skip
SCALES = {
    "thousand": "thousand", "million": "million", "billion": "billion", "bn": "billion", "k": "thousand",
    "m": "million", "b": "billion",
}  # fmt: skip
_PLURALS = {"penny": "pence", "yuan": "yuan", "yen": "yen", "foot": "feet", "inch": "inches"}
# Name of one and of several; without an "s" where there is none.
UNITS = {
    "km/h": "kilometer per hour", "mph": "mile per hour", "km": "kilometer", "kg": "kilogram", "cm": "centimeter",
    "mm": "millimeter", "mg": "milligram", "ml": "milliliter", "mL": "milliliter", "L": "liter", "g": "gram",
    "m²": "square meter", "m2": "square meter", "㎡": "square meter", "km²": "square kilometer", "m³": "cubic meter",
    "m": "meter", "GB": "gigabyte", "MB": "megabyte", "TB": "terabyte", "KB": "kilobyte", "Mbps": "megabit per second",
    "ft": "foot", "lb": "pound", "lbs": "pound", "oz": "ounce", "mi": "mile", "h": "hour", "hr": "hour", "hrs": "hour",
    "min": "minute", "mins": "minute", "s": "second", "sec": "second", "secs": "second", "ms": "millisecond",
    "kW": "kilowatt", "kWh": "kilowatt hour", "W": "watt", "V": "volt", "mAh": "milliamp hour",
    "°C": "degree Celsius", "℃": "degree Celsius", "°F": "degree Fahrenheit", "℉": "degree Fahrenheit", "°": "degree",
}  # fmt: skip
_BELOW = {
    2: "half",
    3: "third",
    4: "quarter",
    5: "fifth",
    6: "sixth",
    7: "seventh",
    8: "eighth",
    9: "ninth",
    10: "tenth",
}
_ABOVE = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def spell(digits: str) -> str:
    """Read digits one after the other."""
    return " ".join(digits)


def plural(amount: str, name: str) -> str:
    """Return the name of a unit as it follows an amount: "1 mile", "2 miles per hour"."""
    if amount == "1":
        return name
    if name in _PLURALS:
        return _PLURALS[name]
    head, space, tail = name.partition(" ")
    if tail.startswith("per ") or head == "degree":
        return f"{head}s{space}{tail}"
    return name + ("" if name.endswith("z") else "s")


def money(number: str, currency: tuple[str, str], scale: str = "") -> str:
    """Read an amount of money: "5.50" is "5 dollars and 50 cents".

    Args:
        number: with its commas.
        currency: name of the unit, and of its hundredth part ("" if there is none).
        scale: "million", "k" and the like.
    """
    whole, _, cents = number.partition(".")
    name, part = currency
    if scale:
        return f"{number} {SCALES[scale.strip().lower()]} {plural('', name)}"
    if not part or len(cents) not in (0, 2):
        return f"{number} {plural(number, name)}"
    spoken_cents = f"{int(cents)} {plural(str(int(cents)), part)}" if cents and int(cents) else ""
    if whole == "0" and spoken_cents:
        return spoken_cents
    return f"{whole} {plural(whole, name)}" + (f" and {spoken_cents}" if spoken_cents else "")


def long_date(month: int, day: int, year: str) -> str:
    """Return "November 22 2026"; "" if there is no such day."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ""
    return f"{_MONTHS[month - 1]} {day} {year}".rstrip()


def fraction(above: int, below: int) -> str:
    """Return "two thirds"; "" if people do not say it so."""
    if not (0 < above < below and below in _BELOW):
        return ""
    name = _BELOW[below]
    return f"{'a' if above == 1 and below in (2, 4) else _ABOVE[above]} {name}{'s' if above > 1 else ''}"


def unit(number: str, name: str, *, minus: bool = False) -> str:
    """Return a quantity: "5 kilometers"."""
    return f"{'minus ' if minus else ''}{number} {plural(number, UNITS[name])}"
