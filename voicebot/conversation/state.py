"""What all parts of a conversation know of it."""

from __future__ import annotations

from voicebot.conversation.answering import Answering
from voicebot.conversation.asking import Asking
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.deadlines import Deadlines
from voicebot.conversation.endpointing.endpointer import Endpointer
from voicebot.conversation.hearing import Hearing
from voicebot.conversation.leg import HangupCause
from voicebot.conversation.phase import Phase
from voicebot.conversation.speaking import Turn
from voicebot.conversation.talkover import TalkOver


class CallState:
    """The state of one conversation that more than one of its parts needs.

    Attributes:
        now_ms: the time of the event that is being dealt with.
        answered_ms: when the call was answered.
        turn: the turn in progress.
        previous: the one before it, whose last clip may still be reported.
        leaving: the line was told to hang up.
        handing_over: somebody is being rung while the bot goes on talking to the caller.
        on_hold: the far side has put the call on hold.
        taken_over: a supervisor talks to the caller in the bot's place, or is to as soon as a transfer has failed.
        talked_over: a supervisor speaks, and what the bot says stands still.
        hangup_cause: who ends the call if the bot hangs up.
        digits: keys pressed that were not asked about yet.
        silences: silences in a row that were answered.
        failures: failures in a row that were apologised for.
    """

    def __init__(self, config: ConversationConfig) -> None:
        self.config = config
        self.phase = Phase.NEW
        self.now_ms = 0.0
        self.answered_ms = 0.0
        self.turn = Turn(turn_id=0, local=True, complete=True)
        self.previous = self.turn
        self.leaving = False
        self.handing_over = False
        self.on_hold = False
        self.taken_over = False
        self.talked_over = False
        self.hangup_cause = HangupCause.BOT
        self.digits = ""
        self.silences = 0
        self.failures = 0
        endpointing = config.endpointing
        endpointer = Endpointer(endpointing, config.language) if endpointing is not None else None
        self.hearing = Hearing(config.language, endpointer)
        self.deadlines = Deadlines()
        self.asking = Asking(config, endpointer)
        self.answering = Answering(play_audio=config.play_audio)
        self.kept = TalkOver("" if config.language == "zh" else " ")

    @property
    def stands_still(self) -> bool:
        """The caller cannot hear the bot, so no time runs for what it says, nor for the caller's silence."""
        return self.on_hold or self.talked_over

    @property
    def talking(self) -> bool:
        """The caller and the bot talk to each other: not before the answer, in a transfer or at the end."""
        return self.phase is Phase.TALKING and not self.leaving
