"""Which numbers may be dialled now, and what becomes of a number after a call. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voicebot.campaigns.ending import End, EndRules
from voicebot.campaigns.outcome import FAILURES, Outcome
from voicebot.campaigns.plan import BreakerPlan, CallerNumber, Plan
from voicebot.storage.outgoing import Ends


@dataclass(frozen=True, slots=True)
class NextStep:
    """What becomes of a number.

    Attributes:
        retry_at: when it may be dialled again; None: it is done with.
    """

    retry_at: datetime | None = None


def after_call(plan: Plan, rules: EndRules, ends: Ends, end: End, now: datetime) -> NextStep:
    """Return what becomes of a number after a call.

    Args:
        plan: the campaign's.
        rules: name the rule that counts.
        ends: how often its calls have ended in which way, this one included.
        end: how this one ended.
        now: when.
    """
    name = rules.retry_rule(end.outcome.value, end.category)
    used = sum(count for (outcome, heard), count in ends.items() if rules.retry_rule(outcome, heard) == name)
    rule = plan.rule(name)
    if sum(ends.values()) >= plan.max_calls or used > rule.times:
        return NextStep()
    return NextStep(now + timedelta(minutes=rule.wait_minutes))


def is_tripped(plan: BreakerPlan, ended: Sequence[Outcome]) -> bool:
    """Whether so many of the latest calls failed that dialling has to stop for a while."""
    failed = sum(outcome in FAILURES for outcome in ended)
    return len(ended) >= plan.min_calls and failed >= plan.failed_share * len(ended)


class Pace:
    """Spreads the beginnings of calls evenly: no more than so many in a second, and no burst to catch up.

    Args:
        per_second: calls that may begin in a second.
    """

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._free_at_s = 0.0

    def room(self, now_s: float, horizon_s: float) -> int:
        """Return how many calls may begin from now until ``horizon_s`` later."""
        wait_s = max(0.0, self._free_at_s - now_s)
        return 0 if wait_s >= horizon_s else 1 + int((horizon_s - wait_s) * self.per_second - 1e-9)

    def reserve(self, now_s: float, not_before_s: float = 0.0) -> float:
        """Take the next free moment, and return after how many seconds it comes."""
        begin_s = max(now_s + not_before_s, self._free_at_s)
        self._free_at_s = begin_s + 1 / self.per_second
        return begin_s - now_s


def choose_caller(pool: Sequence[CallerNumber], busy: Mapping[str, int], last: str) -> str | None:
    """Return the number to call from: the next one in turn that has room; "" without a pool, None if all are busy.

    Args:
        pool: the campaign's numbers.
        busy: calls that are up with each number.
        last: the number that was chosen last.
    """
    if not pool:
        return ""
    names = [caller.number for caller in pool]
    begin = (names.index(last) + 1) % len(names) if last in names else 0
    for caller in (*pool[begin:], *pool[:begin]):
        if not caller.concurrent or busy.get(caller.number, 0) < caller.concurrent:
            return caller.number
    return None


def free_places(plan: Plan, under_way: int, *, on_trial: bool) -> int:
    """Return how many more calls a campaign may have; one at a time in all after its breaker has tripped."""
    return max(0, (1 if on_trial else plan.limits.concurrent) - under_way)
