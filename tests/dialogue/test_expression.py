from __future__ import annotations

from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.expression import Expression, parse_expression

VARIABLES = {
    "plan": "Gold",
    "city": "\u5317\u4eac",
    "amount": "250",
    "limit": "100.5",
    "note": "\u5f88\u6025\uff0c\u8bf7\u5feb",
    "blank": "  ",
    "wide": "\uff11\uff10\uff10",
    "X-Tier": "two",
    "order.status": "sent",
    "full name": "Ann Lee",
    "long": "12345678901234567890",
}


class RefusedError(Exception):
    pass


def refuse(problem: str) -> NoReturn:
    raise RefusedError(problem)


def read(text: str) -> Expression:
    return parse_expression(text, refuse)


def lookup(name: str) -> str:
    return VARIABLES.get(name, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("plan == gold", True), ("plan = GOLD", True), ("plan != gold", False), ("plan == silver", False)),
        *(("plan == 'gold'", True), ('plan == "gold"', True), ("plan == \u201cgold\u201d", True)),
        *(("amount > 100", True), ("amount>100", True), ("amount >= 250.0", True), ("amount == 0250", True)),
        *(("amount < 1000", True), ("amount <= 249", False), ("amount > {{limit}}", True), ("wide < 101", True)),
        *(("plan > 100", False), ("plan < 100", False), ("nothing > 0", False), ("nothing < 0", False)),
        *(("plan is set", True), ("plan is not set", False), ("nothing is not set", True), ("blank is set", False)),
        *(("nothing == gold", False), ("nothing != gold", True), ("nothing == ''", True)),
        *(("city in [\u5317\u4eac, \u4e0a\u6d77]", True), ("city not in [\u5317\u4eac\uff0c\u4e0a\u6d77]", False)),
        *(("city in [\u4e0a\u6d77\u3001\u5317\u4eac]", True), ("nothing in [a, b]", False)),
        *(("note contains \u6025", True), ("note contains slow", False), ("note contains ''", False)),
        *(("X-Tier == two", True), ("order.status == sent", True), ("{{full name}} == ann lee", True)),
        *(("long == 12345678901234567891", False), ("long == 12345678901234567890", True)),
        # "and" binds more tightly than "or", "not" more than both.
        ("plan == gold or plan == x and plan == y", True),
        ("(plan == gold or plan == x) and plan == y", False),
        ("\uff08plan == x or plan == gold\uff09 and amount > 1", True),
        ("not plan == gold or amount > 1", True),
        ("not (plan == gold or amount > 1)", False),
        ("not not plan == gold", True),
        ("PLAN is set", False),
    ],
)
def test_what_holds(text: str, expected: bool) -> None:
    assert read(text).holds(lookup) is expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "column 1: expected the name of a variable; found the end"),
        ("plan", "column 5: after 'plan' expected ==, !=,"),
        ("plan ==", "column 8: expected a text, a number or {{a variable}}; found the end"),
        ("plan == gold and", "column 17: expected the name of a variable; found the end"),
        ("plan == gold vip is set", "column 18: expected 'and', 'or' or the end; found 'is'"),
        ("plan is gold", "column 9: after 'is' stands 'set' or 'not set'; to compare, write ==; found 'gold'"),
        ("(plan == gold", "column 14: expected ')'; found the end"),
        ("plan in gold", "column 9: after 'in' stands a list, such as [gold, silver]; found 'gold'"),
        ("plan in [gold", "column 14: expected ']'; found the end"),
        ("plan in []", "column 10: expected a text"),
        ("== gold", "column 1: expected the name of a variable; found '=='"),
        ("plan  ! gold", "column 7: '!' is not understood here"),
        ("plan == 'gold", "column 9: ''' is not understood here"),
        ("not " * 30 + "a == b", "more than 20 levels"),
        ("(" * 30, "more than 20 levels"),
        ("a == " + "b" * 500, "at most 500 characters"),
    ],
)
def test_mistakes_are_told_with_their_column(text: str, problem: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read(text)
    assert problem in str(caught.value)


PIECES = st.sampled_from(
    ["a", "b", "and", "or", "not", "is", "set", "in", "contains", "==", "!=", ">", "<=", "(", ")", "[", "]", ",", "7"]
)


@given(st.one_of(st.lists(PIECES, max_size=12).map(" ".join), st.text(max_size=30)), st.text(max_size=20))
def test_nothing_but_a_refusal_is_raised_and_never_at_run_time(text: str, value: str) -> None:
    try:
        expression = read(text)
    except RefusedError:
        return
    assert expression.holds(lambda _name: value) in (True, False)
    assert expression.holds(lambda _name: "") in (True, False)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_value_is_equal_or_unequal(left: str, right: str) -> None:
    values = {"a": left, "b": right}
    equal, unequal = read("a == {{b}}"), read("a != {{b}}")
    assert equal.holds(values.__getitem__) is not unequal.holds(values.__getitem__)


@given(st.integers(), st.integers())
def test_numbers_are_in_order(left: int, right: int) -> None:
    values = {"a": str(left), "b": f"{right}.0"}
    assert read("a < {{b}}").holds(values.__getitem__) is (left < right)
    assert read("a >= {{b}}").holds(values.__getitem__) is (left >= right)
