"""Which calls begin in the next second: rules, limits and the database put together. All of it blocks.

If the database fails halfway, some calls may be claimed that nobody knows of: whoever calls this settles them
(``settle.Settling.abandoned``) before it claims again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from voicebot.campaigns.ending import EndRules
from voicebot.campaigns.lifecycle import CampaignState
from voicebot.campaigns.outcome import Outcome
from voicebot.campaigns.plan import Plan
from voicebot.campaigns.rules import Pace, choose_caller, free_places
from voicebot.settings.dialling import DiallingSettings
from voicebot.storage.campaigns import StoredCampaign
from voicebot.storage.outgoing import OutgoingCall
from voicebot.storage.store import Storage

LOOK_S = 1.0
"""How far ahead calls are claimed, and how often that is done."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call to make.

    Attributes:
        call: the call.
        delay_s: after how many seconds its turn comes.
        causes: causes of ITU-T Q.850 to hang up with, by what was heard.
    """

    call: OutgoingCall
    delay_s: float
    causes: Mapping[str, int] = field(default_factory=dict)


class Claimer:
    """Claims calls.

    Args:
        storage: the database.
        settings: limits over all campaigns.
    """

    def __init__(self, storage: Storage, settings: DiallingSettings) -> None:
        self._storage = storage
        self._settings = settings
        self._holidays = tuple(settings.holidays)
        self._pace = Pace(settings.calls_per_second)
        self._paces: dict[str, Pace] = {}
        self._last_caller: dict[str, str] = {}

    def claim(self, now: datetime, clock_s: float, room: int, under_way: Collection[OutgoingCall]) -> list[Claimed]:
        """Claim what may begin now: single calls first, then the campaigns that have the fewest calls up.

        Args:
            now: the time.
            clock_s: seconds of a monotonic clock, for the pace.
            room: calls that the line can take.
            under_way: calls that are claimed or up.
        """
        self._storage.outgoing.expire(now, Outcome.EXPIRED.value)
        places = min(room, self._settings.max_calls - len(under_way))
        singles = min(places, self._pace.room(clock_s, LOOK_S))
        claimed = []
        if singles > 0:
            calls = self._storage.outgoing.claim_waiting(now, singles)
            causes = EndRules(self._settings).causes
            claimed = [Claimed(call, self._pace.reserve(clock_s), causes) for call in calls]
        mine = Counter(call.campaign_id for call in under_way)
        campaigns = self._storage.campaigns.all(CampaignState.RUNNING.value)
        for campaign in sorted(campaigns, key=lambda one: mine[one.id]):
            busy = [*under_way, *(one.call for one in claimed)]
            claimed += self._of_campaign(campaign, now, clock_s, places - len(claimed), busy)
        return claimed

    def _of_campaign(
        self, campaign: StoredCampaign, now: datetime, clock_s: float, places: int, busy: Collection[OutgoingCall]
    ) -> list[Claimed]:
        plan, mine = Plan.model_validate_json(campaign.plan), sum(call.campaign_id == campaign.id for call in busy)
        if not mine and self._storage.campaigns.finish(campaign, CampaignState.DONE.value, now):
            return []
        held = campaign.held_until is not None and now < campaign.held_until
        if held or not plan.hours.schedule(self._holidays).is_open(now):
            return []
        pace = self._pace_of(campaign, plan)
        free = free_places(plan, mine, on_trial=campaign.held_until is not None)
        count = min(places, free, pace.room(clock_s, LOOK_S), self._pace.room(clock_s, LOOK_S))
        callers = self._callers(campaign, plan, count, busy)
        calls = self._storage.outgoing.claim_contacts(_template(campaign, plan, now), now, callers) if callers else []
        if calls:
            self._last_caller[campaign.id] = calls[-1].caller_number
        causes = EndRules(self._settings, plan.handling).causes if calls else {}
        return [Claimed(call, self._pace.reserve(clock_s, pace.reserve(clock_s)), causes) for call in calls]

    def _pace_of(self, campaign: StoredCampaign, plan: Plan) -> Pace:
        pace = self._paces.get(campaign.id)
        if pace is None or pace.per_second != plan.limits.calls_per_second:
            pace = self._paces[campaign.id] = Pace(plan.limits.calls_per_second)
        return pace

    def _callers(self, campaign: StoredCampaign, plan: Plan, count: int, busy: Collection[OutgoingCall]) -> list[str]:
        """Return the numbers to call from, fewer than ``count`` if the pool has no more room."""
        used = Counter(call.caller_number for call in busy)
        last, chosen = self._last_caller.get(campaign.id, ""), list[str]()
        while len(chosen) < count:
            caller = choose_caller(plan.callers, used, last)
            if caller is None:
                break
            chosen.append(caller)
            used[caller] += 1
            last = caller
        return chosen


def _template(campaign: StoredCampaign, plan: Plan, now: datetime) -> OutgoingCall:
    return OutgoingCall(
        id="",
        number="",
        bot=plan.bot,
        created_at=now,
        campaign_id=campaign.id,
        variables={**plan.variables, "campaign": campaign.name},
        ring_timeout_s=plan.limits.ring_timeout_s,
    )
