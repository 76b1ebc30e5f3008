"""Canonical forms that several finders write."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")
MOST = Decimal(10) ** 16
"""Numbers from here on are not looked at: nobody says them, and cents would be lost."""


def plain(value: Decimal) -> str:
    """Return a number in Arabic digits: no exponent, no zeros at its end."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def cents(amount: Decimal) -> str:
    """Return an amount with two places."""
    return f"{amount.quantize(_CENT, ROUND_HALF_UP):f}"
