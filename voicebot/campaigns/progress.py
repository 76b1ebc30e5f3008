"""How far a campaign is, and when it will be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voicebot.campaigns.lifecycle import CampaignState
from voicebot.campaigns.plan import Plan
from voicebot.campaigns.schedule import Schedule
from voicebot.storage.campaigns import StoredCampaign, Tally
from voicebot.storage.outgoing import ContactState

_GUESSED_CALL_S = 40.0  # until the first calls have ended


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is.

    Attributes:
        name: of the campaign.
        state: by ``lifecycle``.
        reason: why it is in that state, or why it waits; "" if there is nothing to say.
        numbers: numbers in all.
        done: numbers that have their result.
        calling: numbers that are being called.
        waiting: numbers that wait for their first or next call.
        outcomes: results, by outcome.
        calls: calls that have ended.
        next_at: when the next call may begin, if the hours or failed calls forbid it now; None: no need to wait, or
            never.
        done_at: when the last result is expected; None: nobody can say.
    """

    name: str
    state: CampaignState
    reason: str
    numbers: int
    done: int
    calling: int
    waiting: int
    outcomes: Mapping[str, int]
    calls: int
    next_at: datetime | None
    done_at: datetime | None


def progress_of(campaign: StoredCampaign, plan: Plan, schedule: Schedule, tally: Tally, now: datetime) -> Progress:
    """Return how far a campaign is.

    The end is expected from the calls a number has taken so far, the mean length of a call, the limits and the
    hours; not before the last retry is due.
    """
    states = tally.states
    running = campaign.state == CampaignState.RUNNING.value
    begin = max(now, campaign.held_until or now)
    opening = schedule.next_open(begin)
    return Progress(
        name=campaign.name,
        state=CampaignState(campaign.state),
        reason=campaign.reason,
        numbers=sum(states.values()),
        done=states[ContactState.DONE],
        calling=states[ContactState.CALLING],
        waiting=states[ContactState.WAITING],
        outcomes=dict(tally.outcomes),
        calls=tally.calls,
        next_at=opening if running and opening != now else None,
        done_at=expected_end(plan, schedule, tally, begin) if running else None,
    )


def expected_end(plan: Plan, schedule: Schedule, tally: Tally, now: datetime) -> datetime | None:
    """Return when a campaign that goes on at ``now`` will have its last result; None: the hours never let it."""
    done, left = tally.states[ContactState.DONE], tally.states[ContactState.WAITING]
    left += tally.states[ContactState.CALLING]
    if not left:
        return now
    calls_a_number = max(1.0, tally.calls / done) if done else 1.0
    call_s = tally.talk_s or _GUESSED_CALL_S
    per_second = min(plan.limits.calls_per_second, plan.limits.concurrent / call_s)
    end = schedule.after(now, left * calls_a_number / per_second + call_s)
    if end is None or tally.last_due is None or tally.last_due <= now:
        return end
    retried = schedule.after(tally.last_due, call_s)
    return None if retried is None else max(end, retried)
