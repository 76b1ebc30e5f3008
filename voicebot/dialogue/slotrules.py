"""Whether a value is one that a slot accepts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time

from voicebot.dialogue.marks import MomentMark, read_date
from voicebot.dialogue.slots import Rule, Slot, SlotKind, SlotRules, SlotValue, Wanted


def refusal(slot: Slot, found: SlotValue, wanted: Wanted, others: Mapping[str, SlotValue]) -> Rule | None:
    """Return the rule that a value does not keep; None if it is accepted.

    Args:
        slot: what it is for.
        found: the value.
        wanted: the variables and the time.
        others: what the same utterance gives to other slots.
    """
    rule = _of_kind(slot, found, wanted, others)
    if rule is None and slot.rules.condition is not None:
        known = {**wanted.known, **_as_variables(others), slot.name: found.spoken, slot.value_name: found.value}
        rule = None if slot.rules.condition.holds(lambda name: known.get(name, "")) else Rule.VALID_IF
    return rule


def _as_variables(values: Mapping[str, SlotValue]) -> dict[str, str]:
    spoken = {name: each.spoken for name, each in values.items()}
    return spoken | {f"{name}_value": each.value for name, each in values.items()}


def _of_kind(slot: Slot, found: SlotValue, wanted: Wanted, others: Mapping[str, SlotValue]) -> Rule | None:
    rules = slot.rules
    if slot.kind is SlotKind.DATE:
        return _day(rules, date.fromisoformat(found.value), wanted)
    if slot.kind is SlotKind.TIME:
        own = others[rules.day].value if rules.day in others else wanted.known.get(f"{rules.day}_value", "")
        day = read_date(own) or wanted.today
        return _clock(rules, time.fromisoformat(found.value), day, wanted)
    if slot.kind is SlotKind.DATETIME:
        moment = datetime.fromisoformat(found.value)
        return _day(rules, moment.date(), wanted) or _clock(rules, moment.time(), moment.date(), wanted)
    if slot.kind in (SlotKind.DIGITS, SlotKind.PHONE):
        return None if rules.shortest <= len(found.value) <= rules.longest else Rule.LENGTH
    if slot.kind in (SlotKind.NUMBER, SlotKind.MONEY, SlotKind.PERCENT):
        return _amount(rules, float(found.value))
    return None


def _day(rules: SlotRules, day: date, wanted: Wanted) -> Rule | None:
    earliest, latest = (mark.day_at(wanted.now) if mark else None for mark in (rules.earliest, rules.latest))
    if earliest is not None and day < earliest:
        return Rule.EARLIEST
    if latest is not None and day > latest:
        return Rule.LATEST
    if rules.only_on and not any(mark.is_on(day) for mark in rules.only_on):
        return Rule.ONLY_ON
    if any(mark.is_on(day) for mark in rules.not_on):
        return Rule.NOT_ON
    return None


def _clock(rules: SlotRules, clock: time, day: date, wanted: Wanted) -> Rule | None:
    moment = datetime.combine(day, clock)
    if rules.earliest is not None and _is_before(moment, rules.earliest, wanted.now):
        return Rule.EARLIEST
    if rules.latest is not None and _is_after(moment, rules.latest, wanted.now):
        return Rule.LATEST
    if rules.between is not None and not rules.between[0] <= clock <= rules.between[1]:
        return Rule.BETWEEN
    return None


def _is_before(moment: datetime, mark: MomentMark, now: datetime) -> bool:
    limit = mark.moment_at(now)
    return moment < limit if limit is not None else mark.clock is not None and moment.time() < mark.clock


def _is_after(moment: datetime, mark: MomentMark, now: datetime) -> bool:
    limit = mark.moment_at(now)
    return moment > limit if limit is not None else mark.clock is not None and moment.time() > mark.clock


def _amount(rules: SlotRules, amount: float) -> Rule | None:
    if rules.least is not None and amount < rules.least:
        return Rule.MIN
    if rules.most is not None and amount > rules.most:
        return Rule.MAX
    return None
