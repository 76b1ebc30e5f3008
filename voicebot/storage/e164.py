"""Telephone numbers that can be dialled: ITU-T E.164, "+" and country code in front.

A number without a country code counts as one of the home country. Chinese and North American numbers are checked
against their numbering plans, all others for their length (E.164 section 6: at most 15 digits).
"""

from __future__ import annotations

import re

from voicebot.storage.numbers import compact, normalise

CHINA = "86"
_NORTH_AMERICA = "1"
_ITALY = "39"  # whose numbers keep the zero in front
_PLANS = {
    # 工信部: mobile numbers; area codes 10 and 2x with eight digits, others with seven or eight; 400 and 800.
    CHINA: re.compile(r"1[3-9][0-9]{9}|(?:10|2[0-9])[0-9]{8}|[3-9][0-9]{2}[0-9]{7,8}|[48]00[0-9]{7}"),
    _NORTH_AMERICA: re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}"),
}
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"\+?[0-9]+")
_LONGEST_NATIONAL = 10


def e164(text: str, country_code: str = CHINA) -> str:
    """Return a number with "+" and country code.

    Args:
        text: however it is written.
        country_code: of numbers that have none, without "+".

    Raises:
        ValueError: it cannot be dialled; the message says why, without the number.
    """
    plain = compact(text)
    if not plain:
        raise ValueError("no number")
    if _DIGITS.fullmatch(plain) is None:
        raise ValueError("not a telephone number")
    number = plain if plain.startswith("+") else _with_country(plain, country_code)
    if number.startswith(f"+{CHINA}0"):
        number = f"+{CHINA}{number[3:].lstrip('0')}"
    for country, plan in _PLANS.items():
        if number.startswith(f"+{country}") and plan.fullmatch(number[len(country) + 1 :]) is None:
            raise ValueError(f"there is no such number in the numbering plan of +{country}")
    if _E164.fullmatch(number) is None:
        raise ValueError("too short for a telephone number" if len(number) < 8 else "too long for a telephone number")
    return number


def national(number: str, country_code: str = CHINA) -> str:
    """Return an E.164 number as it is dialled inside its country; a foreign one with "00" in front."""
    if country_code == CHINA and number.startswith(f"+{CHINA}"):
        return normalise(number)
    if not number.startswith(f"+{country_code}"):
        return f"00{number[1:]}"
    rest = number[len(country_code) + 1 :]
    return rest if country_code in (_NORTH_AMERICA, _ITALY) else f"0{rest}"


def written_forms(number: str, country_code: str = CHINA) -> set[str]:
    """Return the forms (of ``numbers.normalise``) that a number can have on the blacklist.

    A bot that blocks a caller has the number as the network shows it, with or without country code.
    """
    forms = {normalise(number)}
    try:
        full = e164(number, country_code)
    except ValueError:
        return forms
    forms |= {normalise(full), full}
    if full.startswith(f"+{country_code}"):
        rest = full[len(country_code) + 1 :]
        forms |= {normalise(rest), normalise(f"0{rest}"), normalise(full[1:])}
    return forms


def _with_country(digits: str, country: str) -> str:
    if country == CHINA:
        plain = normalise(digits)
        return plain if plain.startswith("+") else f"+{CHINA}{plain.removeprefix('0')}"
    if digits.startswith(country) and len(digits) > _LONGEST_NATIONAL:
        return f"+{digits}"
    return f"+{country}{digits if country == _ITALY else digits.removeprefix('0')}"
