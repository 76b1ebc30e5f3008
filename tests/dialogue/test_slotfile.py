from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from voicebot.dialogue import Bot, load_bot
from voicebot.dialogue.marks import DayMark, MomentMark, read_clock, read_day_mark, read_moment_mark
from voicebot.dialogue.slots import Rule, SlotKind
from voicebot.errors import ConfigError

BOT = """\
language: en
start: ask
silence: {prompts: ["Hello?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: bye}
nodes:
  ask:
    slots:
      day: {kind: date, ask: Which day, earliest: today}
      clock: {kind: time, ask: When, day: day, between: "09:00-20:00", invalid: {between: Closed., other: No.}}
    filled: check
    tries: 2
    give_up: bye
  check:
    say: So {{day}}?
    corrects: ask
    max_visits: 3
    then: bye
    transitions: [{intent: yes, goto: bye}]
  bye: {say: Bye., instructions: {hangup: true}}
"""


def load(folder: Path, text: str) -> Bot:
    file = folder / "bot.yaml"
    file.write_text(text, encoding="utf-8")
    return load_bot(file)


def test_a_node_with_slots(tmp_path: Path) -> None:
    bot = load(tmp_path, BOT)
    node = bot.nodes["ask"]
    day, clock = node.slots
    assert node.listen
    assert (node.filled, node.tries, node.give_up) == ("check", 2, "bye")
    assert (day.kind, day.rules.earliest) == (SlotKind.DATE, MomentMark(ahead=timedelta(), whole_days=True))
    assert clock.rules.between == (time(9), time(20))
    assert clock.invalid == {Rule.BETWEEN: ("Closed.",), Rule.OTHER: ("No.",)}
    check = bot.nodes["check"]
    assert (check.corrects, check.max_visits, check.then) == ("ask", 3, "bye")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: date, ", "", "slots.day: 'kind' is missing"),
        ("kind: date", "kind: day", "kind: 'day' is not known here. Allowed: date, datetime"),
        ("ask: Which day, ", "", "'ask' is missing"),
        ("earliest: today", "earliest: soon", "earliest: expected something like today, 60 days or 2026-10-01"),
        ("earliest: today", "earliest: 09:00", "earliest: expected something like today"),
        ("earliest: today", "between: 09:00-20:00", "'between' is not known here"),
        ("earliest: today", "not_on: [funday]", "expected weekdays or dates"),
        ("day: day", "day: days", "expected the name of a slot of this node with kind: date"),
        ("day: day", "day: clock", "expected the name of a slot of this node with kind: date"),
        ("day: day", "earliest: 2 days", "expected something like now, 2 hours or 09:00"),
        ("09:00-20:00", "20:00-09:00", 'expected two times of day, such as "09:00-20:00"'),
        ("{between: Closed., other: No.}", "{closed: No.}", "'closed' is not known here"),
        (
            "kind: date, ask: Which day, earliest: today",
            "kind: digits, length: 0, ask: Which day",
            "expected how many characters it has",
        ),
        (
            "kind: date, ask: Which day, earliest: today",
            "kind: digits, length: 6-4, ask: Which day",
            "expected how many characters it has",
        ),
        ("kind: date, ask: Which day, earliest: today", "kind: name, ask: Which day", "'values' is missing"),
        (
            "kind: date, ask: Which day, earliest: today",
            "kind: number, valid_if: nonsense, ask: Which day",
            "valid_if: column",
        ),
        ("      day: {", "      the day: {", "the name of a slot has letters, digits and _ only"),
        ("    filled: check\n", "", "'filled' is missing"),
        ("filled: check", "filled: chek", "there is no node 'chek'"),
        ("give_up: bye", "give_up: by", "there is no node 'by'"),
        ("tries: 2", "goto: check", "a node that listens goes on by its transitions|does not wait for an answer"),
        ("corrects: ask", "corrects: bye", "the node 'bye' has no slots"),
        ("corrects: ask", "corrects: nobody", "there is no node 'nobody'"),
        ("corrects: ask", "tries: 2", "needs 'slots'"),
        ("    then: bye\n", "", "'then' is missing"),
        ("    max_visits: 3\n", "", "needs 'max_visits'"),
        ("then: bye", "then: nobody", "there is no node 'nobody'"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in BOT
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, BOT.replace(old, new))
    assert any(part in caught.value.message for part in problem.split("|")), caught.value.message


def test_a_node_that_is_left_for_one_that_leads_back_is_a_circle(tmp_path: Path) -> None:
    text = BOT.replace("then: bye", "then: back").replace("  bye:", "  back: {say: Once more., goto: check}\n  bye:")
    with pytest.raises(ConfigError, match="goes in a circle without ever listening"):
        load(tmp_path, text)


NOW = datetime(2026, 3, 2, 10, 15)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2026, 3, 2)),
        ("tomorrow", date(2026, 3, 3)),
        ("60 days", date(2026, 5, 1)),
        ("2 weeks", date(2026, 3, 16)),
        ("2026-10-01", date(2026, 10, 1)),
        ("\u660e\u5929", date(2026, 3, 3)),
        ("60 \u5929", date(2026, 5, 1)),
        ("2\u5468", date(2026, 3, 16)),
    ],
)
def test_days_as_authors_write_them(text: str, day: date) -> None:
    mark = read_moment_mark(text)
    assert mark is not None
    assert mark.day_at(NOW) == day
    assert mark.moment_at(NOW) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("\u73b0\u5728", NOW),
        ("2 hours", NOW + timedelta(hours=2)),
        ("30 minutes", NOW + timedelta(minutes=30)),
        ("2\u4e2a\u5c0f\u65f6", NOW + timedelta(hours=2)),
        ("30\u5206\u949f", NOW + timedelta(minutes=30)),
    ],
)
def test_moments_as_authors_write_them(text: str, moment: datetime) -> None:
    mark = read_moment_mark(text)
    assert mark is not None
    assert mark.moment_at(NOW) == moment


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("sunday", DayMark(weekday=6)),
        ("Tue", DayMark(weekday=1)),
        ("\u5468\u65e5", DayMark(weekday=6)),
        ("\u661f\u671f\u5929", DayMark(weekday=6)),
        ("\u793c\u62dc\u4e8c", DayMark(weekday=1)),
        ("2026-10-01", DayMark(day=date(2026, 10, 1))),
        ("s", None),
        ("2026-13-01", None),
    ],
)
def test_weekdays_as_authors_write_them(text: str, mark: DayMark | None) -> None:
    assert read_day_mark(text) == mark


@pytest.mark.parametrize("text", ["", "soon", "5 years", "-3 days", "24:00", "9", "2026-02-30"])
def test_what_is_no_limit(text: str) -> None:
    assert read_moment_mark(text) is None


def test_times_of_day() -> None:
    assert (read_clock("9:00"), read_clock("20\uff1a30"), read_clock("12:60")) == (time(9), time(20, 30), None)
