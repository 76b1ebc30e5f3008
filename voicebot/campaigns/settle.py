"""The steps of one call in the database: begin, end, give back; and what an earlier process left behind.

Each is one transaction. All of it blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from voicebot.campaigns.desk import refuse
from voicebot.campaigns.ending import End, EndRules
from voicebot.campaigns.lifecycle import CampaignState
from voicebot.campaigns.outcome import FAILURES, CallResult, Outcome
from voicebot.campaigns.plan import Plan
from voicebot.campaigns.rules import after_call, is_tripped
from voicebot.settings.dialling import DiallingSettings
from voicebot.storage.blacklist import BlacklistEvent
from voicebot.storage.campaigns import StoredCampaign
from voicebot.storage.outgoing import CallState, Ending, Ends, OutgoingCall
from voicebot.storage.store import Storage


class Settling:
    """Takes calls through their states.

    Args:
        storage: the database.
        settings: what becomes of which calls.
        now: the time.
    """

    def __init__(self, storage: Storage, settings: DiallingSettings, now: Callable[[], datetime]) -> None:
        self._storage = storage
        self._settings = settings
        self._now = now

    def begin(self, call: OutgoingCall) -> bool:
        """Note that the line is about to be told; whether it may be.

        What may have changed since the claim is asked once more: the blacklist, and whether its campaign goes on.

        Raises:
            StorageError: nobody may be dialled while the database cannot tell.
        """
        campaign = self._storage.campaigns.by_id(call.campaign_id) if call.campaign_id else None
        if call.campaign_id and (campaign is None or campaign.state != CampaignState.RUNNING.value):
            self._storage.outgoing.give_back(call, self._now())
            return False
        entry = self._storage.find_blocked(call.number, campaign.name if campaign is not None else "")
        if entry is not None:
            refuse(self._storage, entry, call, self._now())
            self._end(call, End(Outcome.BLOCKED), CallResult(reason=entry.reason), campaign)
            return False
        return self._storage.outgoing.begin(call, self._now())

    def rules(self, campaign: StoredCampaign | None) -> EndRules:
        """Return how the calls of a campaign, or single ones, are judged."""
        plan = Plan.model_validate_json(campaign.plan) if campaign is not None else None
        return EndRules(self._settings, plan.handling if plan is not None else None)

    def end(self, call: OutgoingCall, result: CallResult) -> Outcome:
        """Note how a call ended, what becomes of its number, and whether its campaign has to stop for a while."""
        campaign = self._campaign(call)
        end = self.rules(campaign).end_of(result)
        if end.outcome is Outcome.WRONG_NUMBER:
            self._block(call, end.category)
        if self._end(call, end, result, campaign) and call.campaign_id:
            self._judge(call.campaign_id, end.outcome)
        return end.outcome

    def give_back(self, call: OutgoingCall, wait_s: float = 0.0) -> None:
        """Undo a claim: nobody's telephone rang."""
        self._storage.outgoing.give_back(call, self._now() + timedelta(seconds=wait_s))

    def abandoned(self, held: Collection[str] = ()) -> int:
        """Settle what was under way when an earlier process died; return how many calls that were.

        A claimed call was not made and is given back. Of any other the result is unknown: its number is called again
        only if the campaign's plan says so for that outcome.

        Args:
            held: ids of calls that are under way now.
        """
        left = [call for call in self._storage.outgoing.abandoned() if call.id not in held]
        for call in left:
            if call.state is CallState.CLAIMED:
                self.give_back(call)
            else:
                died = CallResult(lost=True, reason="the service died during the call")
                self._end(call, End(Outcome.UNKNOWN), died, self._campaign(call))
        return len(left)

    def _campaign(self, call: OutgoingCall) -> StoredCampaign | None:
        return self._storage.campaigns.by_id(call.campaign_id) if call.campaign_id else None

    def _end(self, call: OutgoingCall, end: End, result: CallResult, campaign: StoredCampaign | None) -> bool:
        now = self._now()

        def retry_at(ends: Ends) -> datetime | None:
            if campaign is None:
                return None
            return after_call(Plan.model_validate_json(campaign.plan), self.rules(campaign), ends, end, now).retry_at

        ending = Ending(
            outcome=end.outcome.value,
            at=now,
            category=end.category,
            q850=end.q850,
            sip_status=result.status,
            detail=result.announcement or result.reason,
            cause=result.cause if result.answered else "",
            answered_by=result.answered_by,
        )
        return self._storage.outgoing.end(call, ending, retry_at)

    def _block(self, call: OutgoingCall, category: str) -> None:
        """Put a number that is not in use on the blacklist, if that is wanted; extensions are one's own affair."""
        days, now = self._settings.block_wrong_numbers_days, self._now()
        if not days or not call.number.startswith("+"):
            return
        until = now + timedelta(days=days)
        # Its id is the call's: noted twice, it counts once.
        event = BlacklistEvent(
            call.number, "add", f"not in use: {category}", "network", call.call_id, id=f"wrong-{call.id}"[:64], at=now,
            expires_at=until,
        )  # fmt: skip
        self._storage.blacklist.apply(event)

    def _judge(self, campaign_id: str, outcome: Outcome) -> None:
        campaign, now = self._storage.campaigns.by_id(campaign_id), self._now()
        if campaign is None or campaign.state != CampaignState.RUNNING.value:
            return
        breaker = Plan.model_validate_json(campaign.plan).breaker
        if campaign.held_until is not None:
            if now >= campaign.held_until:
                self._judge_trial(campaign, outcome, now + timedelta(seconds=breaker.pause_s))
            return
        since = now - timedelta(seconds=breaker.window_s)
        latest = self._storage.outgoing.latest_outcomes(campaign_id, since)
        if is_tripped(breaker, [Outcome(name) for name in latest]):
            failed = sum(Outcome(name) in FAILURES for name in latest)
            reason = f"{failed} of the latest {len(latest)} calls failed"
            self._storage.campaigns.change(campaign, held_until=now + timedelta(seconds=breaker.pause_s), reason=reason)

    def _judge_trial(self, campaign: StoredCampaign, outcome: Outcome, longer: datetime) -> None:
        """A call that was to show whether the network works again has ended."""
        if outcome in FAILURES:
            self._storage.campaigns.change(campaign, held_until=longer, reason="the trial call failed, too")
        else:
            self._storage.campaigns.change(campaign, held_until=None, reason="")
