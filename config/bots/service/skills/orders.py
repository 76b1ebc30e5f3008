"""Orders of the shop, in a small SQLite file.

The file is made with three sample orders when the first caller asks. To use a database of yours, write your own
``_connect``; the bot only sees what ``order_status`` returns.
"""

from __future__ import annotations

import re
import sqlite3

_FILE = "orders.sqlite"  # skills work in a folder of their own, <data>/skills/<bot>
_SAMPLES = [("45123", "shipped", "tomorrow"), ("12345", "packed", "on Friday"), ("90220", "delivered", "last Monday")]
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh")
_DIGITS = dict(zip(_WORDS, "01234567890", strict=True))


def order_status(order: str) -> dict[str, object]:
    """Look up an order by its number; the number may be spelled out, as in "double four five"."""
    with _connect() as connection:
        row = connection.execute("SELECT state, day FROM orders WHERE number = ?", (_number(order),)).fetchone()
    connection.close()
    if row is None:
        return {"found": False}
    state, day = row
    return {"found": True, "state": state, "day": day}


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(_FILE)
    with connection:
        connection.execute("CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY, state TEXT, day TEXT)")
        connection.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?, ?)", _SAMPLES)
    return connection


def _number(spoken: str) -> str:
    """Return the digits of a number as callers say it and recognisers write it."""
    digits, double = "", False
    for word in re.findall(r"[0-9]|[a-z]+", spoken.lower()):
        if word == "double":
            double = True
            continue
        digit = word if word.isdigit() else _DIGITS.get(word, "")
        digits += digit * 2 if double else digit
        double = False
    return digits
