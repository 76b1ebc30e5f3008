"""Conditions on variables, such as ``plan == gold and amount > 100``: a small language with a parser of its own.

On the left stands the name of a variable, on the right a text, a number or ``{{another variable}}``::

    or     = and {"or" and}
    and    = not {"and" not}
    not    = "not" not | "(" or ")" | test
    test   = name "is" ["not"] "set"
           | name ("==" | "!=" | ">" | ">=" | "<" | "<=" | "contains") value
           | name ["not"] "in" "[" value {"," value} "]"

Texts are compared in any case and width, numbers as numbers if both sides are numbers. Chinese commas, brackets and
quotes are as good as Western ones. Reading an expression may fail; asking whether it holds never does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

MAX_LENGTH = 500
_MAX_DEPTH = 20

Lookup = Callable[[str], str]
"""Gives the value of a variable; "" for one that is not set."""
Test = Callable[[Lookup], bool]
Value = Callable[[Lookup], str]

_WORD = "[^\\s()\uff08\uff09\\[\\],\uff0c\u3001=!<>\"'\u201c\u201d\u2018\u2019{}]+"
_TOKEN = re.compile(
    r"\s*(?:(?P<variable>\{\{\s*(?P<name>[^{}|]+?)\s*\}\})"
    "|(?P<quoted>\"[^\"]*\"|'[^']*'|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019)"
    "|(?P<sign>==|!=|>=|<=|[=><()\\[\\],\uff08\uff09\uff0c\u3001])"
    f"|(?P<word>{_WORD}))"
)
_WESTERN = {"\uff08": "(", "\uff09": ")", "\uff0c": ",", "\u3001": ",", "=": "=="}
_KEYWORDS = ("and", "or", "not", "is", "in", "set", "contains")
_COMPARISONS = ("==", "!=", ">", ">=", "<", "<=", "contains")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition that was read.

    Attributes:
        text: as it was written.
        names: of the variables in it.
    """

    text: str
    _test: Test
    names: tuple[str, ...] = ()

    def holds(self, lookup: Lookup) -> bool:
        """Tell whether it is true now; never raises, whatever the variables hold."""
        return self._test(lookup)


def parse_expression(text: str, fail: Callable[[str], NoReturn]) -> Expression:
    """Read a condition.

    Args:
        text: the condition.
        fail: raises the error for a problem; is told the column in the text, counted from 1.
    """
    if len(text) > MAX_LENGTH:
        fail(f"a condition has at most {MAX_LENGTH} characters")
    parser = _Parser(text, fail)
    return Expression(text, parser.parse(), tuple(dict.fromkeys(parser.names)))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "word", "quoted", "variable", "end", or the sign or keyword itself
    text: str
    column: int


class _Parser:
    """Recursive descent; each method reads what its name says and returns the test for it."""

    def __init__(self, text: str, fail: Callable[[str], NoReturn]) -> None:
        self._fail_with = fail
        self._tokens = self._tokens_of(text)
        self.names: list[str] = []
        self._place = 0
        self._depth = 0

    def parse(self) -> Test:
        test = self._or()
        if self._next.kind != "end":
            self._fail("expected 'and', 'or' or the end")
        return test

    def _or(self) -> Test:
        tests = [self._and()]
        while self._take("or"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else lambda lookup: any(test(lookup) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._take("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else lambda lookup: all(test(lookup) for test in tests)

    def _not(self) -> Test:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail(f"more than {_MAX_DEPTH} levels of 'not' and brackets")
        if self._take("not"):
            inner = self._not()
            test: Test = lambda lookup: not inner(lookup)  # noqa: E731
        elif self._take("("):
            test = self._or()
            self._expect(")")
        else:
            test = self._comparison()
        self._depth -= 1
        return test

    def _comparison(self) -> Test:
        name = self._name()
        if self._take("is"):
            wanted = not self._take("not")
            self._expect("set", "after 'is' stands 'set' or 'not set'; to compare, write ==")
            return lambda lookup: bool(lookup(name).strip()) is wanted
        if self._next.kind in _COMPARISONS:
            sign, value = self._advance().kind, self._value()
            return lambda lookup: _compare(lookup(name), sign, value(lookup))
        wanted = not self._take("not")
        self._expect("in", f"after '{name}' expected ==, !=, >, >=, <, <=, contains, in, is set or is not set")
        values = self._list()
        return lambda lookup: any(_compare(lookup(name), "==", value(lookup)) for value in values) is wanted

    def _name(self) -> str:
        if self._next.kind not in ("word", "variable"):
            self._fail("expected the name of a variable")
        self.names.append(self._next.text)
        return self._advance().text

    def _value(self) -> Value:
        token = self._next
        if token.kind == "variable":
            self.names.append(token.text)
            self._advance()
            return lambda lookup: lookup(token.text)
        if token.kind == "quoted":
            self._advance()
            return lambda _lookup: token.text
        words = []
        while self._next.kind == "word":
            words.append(self._advance().text)
        if not words:
            self._fail("expected a text, a number or {{a variable}}")
        text = " ".join(words)
        return lambda _lookup: text

    def _list(self) -> Sequence[Value]:
        self._expect("[", "after 'in' stands a list, such as [gold, silver]")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect("]")
        return values

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _advance(self) -> _Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _take(self, kind: str) -> bool:
        found = self._next.kind == kind
        self._place += found
        return found

    def _expect(self, kind: str, problem: str = "") -> None:
        if not self._take(kind):
            self._fail(problem or f"expected '{kind}'")

    def _fail(self, problem: str) -> NoReturn:
        token = self._next
        found = "the end" if token.kind == "end" else f"'{token.text}'"
        self._fail_with(f"column {token.column}: {problem}; found {found}")

    def _tokens_of(self, text: str) -> list[_Token]:
        tokens, place = [], 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                column = place + len(text[place:]) - len(text[place:].lstrip()) + 1
                self._fail_with(f"column {column}: '{text[column - 1]}' is not understood here")
            tokens.append(_token(match))
            place = match.end()
        return [*tokens, _Token("end", "", len(text) + 1)]


def _token(match: re.Match[str]) -> _Token:
    kind = next(name for name in ("variable", "quoted", "sign", "word") if match[name] is not None)
    text, column = match[kind], match.start(kind) + 1
    if kind == "variable":
        return _Token(kind, match["name"], column)
    if kind == "quoted":
        return _Token(kind, text[1:-1], column)
    if kind == "sign":
        return _Token(_WESTERN.get(text, text), text, column)
    return _Token(text.lower() if text.lower() in _KEYWORDS else kind, text, column)


def _compare(left: str, sign: str, right: str) -> bool:
    left, right = _folded(left), _folded(right)
    if sign == "contains":
        return bool(right) and right in left
    if _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right):
        # Decimal: a float would take two long order numbers for the same.
        return _compare_numbers(Decimal(left), sign, Decimal(right))
    if sign in ("==", "!="):
        return (left == right) is (sign == "==")
    return False  # texts are neither more nor less than each other


def _compare_numbers(left: Decimal, sign: str, right: Decimal) -> bool:
    return {
        "==": left == right,
        "!=": left != right,
        ">": left > right,
        ">=": left >= right,
        "<": left < right,
        "<=": left <= right,
    }[sign]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
