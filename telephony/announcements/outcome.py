"""What a dialled call came to: what was heard, the outcome, whether to try again, and the cause it ends with.

``Category`` says what was heard, ``Outcome`` what that means for whoever dialled, ``RetryRule`` names the rule by which
the number is tried again. ``DEFAULTS`` joins them; settings may change all three for a category.
Causes are those of ITU-T Q.850, as a Reason header (RFC 3326) tells them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace


class Category(enum.Enum):
    """What was heard before the answer or in the first seconds after it."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    """A mailbox, and nothing was said to it to the end."""
    MESSAGE_LEFT = "message_left"
    """A mailbox, and our message was said to it to the end."""
    ASSISTANT = "assistant"
    """A phone's assistant or a call screen that asks who is calling and why."""
    SILENCE = "silence"
    """Nothing at all, for longer than a person waits before the first word."""
    NO_SUCH_NUMBER = "no_such_number"
    """空号, 号码有误, "not in service"."""
    NUMBER_CHANGED = "number_changed"
    """改号."""
    SUSPENDED = "suspended"
    """停机, 暂停服务."""
    POWERED_OFF = "powered_off"
    """关机."""
    UNREACHABLE = "unreachable"
    """无法接通, 不在服务区."""
    IN_CALL = "in_call"
    """正在通话中, the caller is waiting for it to end."""
    BUSY = "busy"
    """用户正忙, or a busy tone."""
    REJECTED = "rejected"
    """拒接, 不方便接听."""
    NO_ANSWER = "no_answer"
    """暂时无人接听."""
    INCOMING_BARRED = "incoming_barred"
    """呼入限制."""
    OUTGOING_BARRED = "outgoing_barred"
    """呼出限制: our own line may not dial this number."""
    NO_CREDIT = "no_credit"
    """欠费: our own line has no money left."""
    CALL_REMINDER = "call_reminder"
    """来电提醒, 短信呼, 秘书台: the network sends a message that somebody called."""
    FORWARD_FAILED = "forward_failed"
    """呼叫转移失败."""
    NETWORK_BUSY = "network_busy"
    """网络忙, 线路忙, or a congestion tone."""
    LINE_FAULT = "line_fault"
    """线路故障, or special information tones of which the words are not known."""
    QUEUE = "queue"
    """A switchboard or a queue answered: a machine for now, a person later."""
    ANNOUNCEMENT = "announcement"
    """A machine spoke of which nothing else is known."""
    RINGING = "ringing"
    """Ring-back tone; nobody answered yet."""
    COLOUR_RING = "colour_ring"
    """彩铃: music or speech in the place of the ring-back tone; nobody answered yet."""
    UNDECIDED = "undecided"
    """Nothing that could be told apart; treated like a person."""


class Outcome(enum.Enum):
    """What a dialled call came to."""

    ANSWERED = "answered"
    """A person, or nobody who could be told from one."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    """Switched off or out of reach: likely to change."""
    WRONG_NUMBER = "wrong_number"
    """Not in use; dialling it again costs money and nothing else."""
    SUSPENDED = "suspended"
    """In use, but cut off for now."""
    BARRED = "barred"
    """The called side takes no calls from us."""
    VOICEMAIL = "voicemail"
    MESSAGE_LEFT = "message_left"
    """A voicemail that has our message."""
    ASSISTANT = "assistant"
    MACHINE = "machine"
    """Another machine: an announcement, a queue."""
    SILENT = "silent"
    """Answered, and nothing was heard."""
    NETWORK_BUSY = "network_busy"
    FAILED = "failed"
    """The call could not be set up: the network, or our own line."""


class RetryRule(enum.Enum):
    """Name of the rule by which a number is tried again; how often and when is the campaign's to say."""

    NEVER = "never"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    NETWORK_BUSY = "network_busy"
    FAILED = "failed"
    VOICEMAIL = "voicemail"
    ASSISTANT = "assistant"
    MACHINE = "machine"
    SILENT = "silent"
    REJECTED = "rejected"
    BARRED = "barred"
    SUSPENDED = "suspended"


_NEVER_AGAIN = (Outcome.ANSWERED, Outcome.WRONG_NUMBER, Outcome.MESSAGE_LEFT)


def rule_of(outcome: Outcome) -> RetryRule:
    """Return the rule that goes with an outcome: the one of its name, if it is one of those that are tried again."""
    return RetryRule.NEVER if outcome in _NEVER_AGAIN else RetryRule(outcome.value)


NORMAL_CLEARING = 16
"""Q.850 cause of a call that simply ended."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What becomes of a call of a category.

    Attributes:
        outcome: what the call came to.
        retry: the rule by which the number is tried again.
        cause: Q.850 cause of its end.
        ends_ringing: heard before the answer, it ends the attempt: waiting for an answer is of no use.
    """

    outcome: Outcome
    retry: RetryRule
    cause: int = NORMAL_CLEARING
    ends_ringing: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants otherwise for a category; None: as it was.

    A changed outcome brings the rule of its name with it, unless another rule is wanted.
    """

    outcome: Outcome | None = None
    retry: RetryRule | None = None
    cause: int | None = None


def _handling(outcome: Outcome, cause: int = NORMAL_CLEARING, ends_ringing: bool = True) -> Handling:
    return Handling(outcome, rule_of(outcome), cause, ends_ringing)


DEFAULTS: Mapping[Category, Handling] = {
    Category.HUMAN: _handling(Outcome.ANSWERED, ends_ringing=False),
    Category.UNDECIDED: _handling(Outcome.ANSWERED, ends_ringing=False),
    Category.VOICEMAIL: _handling(Outcome.VOICEMAIL),
    Category.MESSAGE_LEFT: _handling(Outcome.MESSAGE_LEFT, ends_ringing=False),
    Category.ASSISTANT: _handling(Outcome.ASSISTANT, ends_ringing=False),
    Category.QUEUE: _handling(Outcome.MACHINE, ends_ringing=False),
    Category.ANNOUNCEMENT: _handling(Outcome.MACHINE, ends_ringing=False),
    Category.SILENCE: _handling(Outcome.SILENT, ends_ringing=False),
    Category.NO_SUCH_NUMBER: _handling(Outcome.WRONG_NUMBER, 1),
    Category.NUMBER_CHANGED: _handling(Outcome.WRONG_NUMBER, 22),
    Category.SUSPENDED: _handling(Outcome.SUSPENDED, 27),
    Category.POWERED_OFF: _handling(Outcome.UNREACHABLE, 20),
    Category.UNREACHABLE: _handling(Outcome.UNREACHABLE, 18),
    Category.IN_CALL: _handling(Outcome.BUSY, 17),
    Category.BUSY: _handling(Outcome.BUSY, 17),
    Category.REJECTED: _handling(Outcome.REJECTED, 21),
    Category.NO_ANSWER: _handling(Outcome.NO_ANSWER, 19),
    Category.INCOMING_BARRED: _handling(Outcome.BARRED, 55),
    Category.OUTGOING_BARRED: _handling(Outcome.FAILED, 52),
    Category.NO_CREDIT: _handling(Outcome.FAILED, 50),
    Category.CALL_REMINDER: _handling(Outcome.NO_ANSWER, 20),
    Category.FORWARD_FAILED: _handling(Outcome.UNREACHABLE, 31),
    Category.NETWORK_BUSY: _handling(Outcome.NETWORK_BUSY, 42),
    Category.LINE_FAULT: _handling(Outcome.FAILED, 38),
    Category.RINGING: _handling(Outcome.NO_ANSWER, 19, ends_ringing=False),
    Category.COLOUR_RING: _handling(Outcome.NO_ANSWER, 19, ends_ringing=False),
}
"""What is done unless the settings say otherwise. Every category has its row."""

_STATUSES: Mapping[int, Category] = {
    404: Category.NO_SUCH_NUMBER,
    484: Category.NO_SUCH_NUMBER,
    604: Category.NO_SUCH_NUMBER,
    410: Category.NUMBER_CHANGED,
    408: Category.NO_ANSWER,
    487: Category.NO_ANSWER,
    480: Category.UNREACHABLE,
    486: Category.BUSY,
    600: Category.BUSY,
    603: Category.REJECTED,
    607: Category.REJECTED,
    403: Category.OUTGOING_BARRED,
    402: Category.NO_CREDIT,
    433: Category.INCOMING_BARRED,
    503: Category.NETWORK_BUSY,
}


def category_of_status(status: int) -> Category:
    """Return the category that a final SIP status of 300 or above stands for (RFC 3398 section 8.2.6.1, where it says).

    Where an announcement was understood, that says more than the status.
    """
    return _STATUSES.get(status, Category.LINE_FAULT)


_CAUSES: Mapping[int, Category] = {
    1: Category.NO_SUCH_NUMBER,
    3: Category.NO_SUCH_NUMBER,
    28: Category.NO_SUCH_NUMBER,
    17: Category.BUSY,
    18: Category.UNREACHABLE,
    19: Category.NO_ANSWER,
    20: Category.POWERED_OFF,
    21: Category.REJECTED,
    22: Category.NUMBER_CHANGED,
    27: Category.UNREACHABLE,
    34: Category.NETWORK_BUSY,
    42: Category.NETWORK_BUSY,
    44: Category.NETWORK_BUSY,
    47: Category.NETWORK_BUSY,
    38: Category.LINE_FAULT,
    41: Category.LINE_FAULT,
    50: Category.NO_CREDIT,
    52: Category.OUTGOING_BARRED,
    55: Category.INCOMING_BARRED,
}


def category_of_cause(q850: int) -> Category | None:
    """Return the category that a cause of ITU-T Q.850 stands for which the far side told; None: it says nothing.

    It says more than the SIP status into which somebody has turned it (RFC 3398 section 7.2.4.1 makes 480 of several).
    """
    return _CAUSES.get(q850)


def handlings(*layers: Mapping[Category, Change]) -> dict[Category, Handling]:
    """Return the table with some categories changed; of several layers the last one wins."""
    table = dict(DEFAULTS)
    for layer in layers:
        table |= {category: _changed(table[category], change) for category, change in layer.items()}
    return table


def _changed(handling: Handling, change: Change) -> Handling:
    outcome = change.outcome or handling.outcome
    retry = change.retry or (handling.retry if change.outcome is None else rule_of(change.outcome))
    return replace(handling, outcome=outcome, retry=retry, cause=change.cause or handling.cause)
