"""How values are said back in English."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from voicebot.dialogue.entities.values import plain

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CURRENCIES = {"USD": "dollar", "EUR": "euro", "GBP": "pound", "CNY": "yuan", "HKD": "Hong Kong dollar", "JPY": "yen"}
_PLURAL_AS_IT_IS = frozenset(("CNY", "JPY"))


def digits(text: str) -> str:
    """Return digits one by one; letters as they are."""
    return " ".join(_DIGITS[int(each)] if each in "0123456789" else each for each in text)


def phone(text: str) -> str:
    """Return a phone number digit by digit, in groups."""
    number, _, extension = text.partition(";ext=")
    plus, number = ("plus ", number[1:]) if number.startswith("+") else ("", number)
    words = plus + ", ".join(map(digits, _groups(number)))
    return f"{words}, extension {digits(extension)}" if extension else words


def _groups(number: str) -> list[str]:
    """Cut a telephone number the way it is said: 3-4, 3-3-4, 3-4-4, others by four from the end."""
    first = {10: 6, 9: 6}.get(len(number), 0)
    head = [number[:3], number[3:6]] if first else [number[: len(number) % 4]]
    rest = number[first or len(number) % 4 :]
    return [group for group in (*head, *(rest[at : at + 4] for at in range(0, len(rest), 4))) if group]


def money(amount: Decimal, currency: str) -> str:
    """Return an amount: 105 dollars and 50 cents."""
    unit = _CURRENCIES.get(currency, currency)
    plural = "" if amount == 1 or currency in _PLURAL_AS_IT_IS else "s"
    cents = int(amount * 100) % 100
    if currency not in ("USD", "EUR") or not cents:
        return f"{plain(amount)} {unit}{plural}"
    small = f"{cents} cent{'s' if cents > 1 else ''}"
    whole = int(amount)
    return f"{whole} {unit}{'' if whole == 1 else 's'} and {small}" if whole else small


def day(value: date, today: date) -> str:
    """Return a date: Sunday November 22nd; with its year where that is not the one to be expected."""
    words = f"{_WEEKDAYS[value.weekday()]} {_MONTHS[value.month - 1]} {ordinal(value.day)}"
    return words if value.year == today.year or 0 <= (value - today).days < 300 else f"{words} {value.year}"


def ordinal(value: int) -> str:
    """Return 1st, 2nd, 3rd."""
    if value % 100 in (11, 12, 13):
        return f"{value}th"
    return f"{value}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(value % 10, 'th') }"


def time_of_day(hour: int, minute: int) -> str:
    """Return a time: 3 pm, 3:30 pm, noon."""
    if (hour, minute) in ((12, 0), (0, 0)):
        return "noon" if hour else "midnight"
    clock = hour % 12 or 12
    return f"{clock}{f':{minute:02}' if minute else ''} {'am' if hour < 12 else 'pm'}"
