"""Read the nodes of a ``bot.yaml``."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.dialogue.bot import Interruptible, Node, Silence
from voicebot.dialogue.routefile import read_goto, read_transitions
from voicebot.dialogue.skillfile import read_skill_use
from voicebot.dialogue.slotfile import read_slots
from voicebot.dialogue.slots import DEFAULT_TRIES
from voicebot.dialogue.yamltree import Item
from voicebot.protocol.instruction import (
    MOST_KEYS,
    Blacklist,
    Hangup,
    Instruction,
    SendDigits,
    ShortMessage,
    ToCustomerService,
    TransferType,
    are_keys,
)

_NODE_KEYS = (
    *("set", "skill"),
    *("say", "again", "after_answer", "listen", "interruptible", "transitions", "goto", "instructions", "silence"),
    *("end_of_speech_ms", "on_transfer_failed", "on_transfer_busy"),
    *("slots", "filled", "tries", "give_up", "corrects", "max_visits", "then"),
)
_TRANSFER_TYPES = {"seat": TransferType.SEAT, "group": TransferType.GROUP, "number": TransferType.NUMBER}


def read_node(name: str, item: Item) -> Node:
    """Read one node.

    Raises:
        ConfigError: a value is wrong.
    """
    entries = item.map(_NODE_KEYS)
    instructions = _instructions(entries["instructions"]) if "instructions" in entries else ()
    transitions = read_transitions(entries["transitions"]) if "transitions" in entries else ()
    skill = read_skill_use(entries["skill"]) if "skill" in entries else None
    branches, goto = read_goto(entries["goto"]) if "goto" in entries else ((), "")
    # Who says nothing else means: a node with instructions or a plain goto talks, all others ask.
    listens_by_default = not instructions and "goto" not in entries
    listen = entries["listen"].flag() if "listen" in entries else listens_by_default
    if listen and "goto" in entries:
        entries["goto"].fail("a node that listens goes on by its transitions (or set listen: false)")
    if transitions and not listen:
        entries["transitions"].fail("a node with 'listen: false', 'goto' or 'instructions' does not wait for an answer")
    if "say" not in entries and not instructions and not entries.keys() & {"goto", "slots"}:
        item.fail("'say' is missing")
    _check_slots(item, entries, listen)
    if skill is not None and skill.wait and "goto" not in entries:
        entries["skill"].fail("a node that waits for its skill needs a 'goto': where it goes on with the result")
    return Node(
        id=name,
        assignments=tuple((key, value.text_or_empty()) for key, value in entries["set"].map().items())
        if "set" in entries
        else (),
        say=entries["say"].texts() if "say" in entries else (),
        again=entries["again"].text() if "again" in entries else "",
        after_answer=entries["after_answer"].text() if "after_answer" in entries else "",
        listen=listen,
        interruptible=read_interruptible(entries["interruptible"]) if "interruptible" in entries else None,
        transitions=transitions,
        skill=skill,
        branches=branches,
        goto=goto,
        instructions=instructions,
        silence=read_silence(entries["silence"], needs_goto=False) if "silence" in entries else None,
        end_of_speech_ms=entries["end_of_speech_ms"].integer(200, 3000) if "end_of_speech_ms" in entries else None,
        on_transfer_failed=entries["on_transfer_failed"].text() if "on_transfer_failed" in entries else "",
        on_transfer_busy=entries["on_transfer_busy"].text() if "on_transfer_busy" in entries else "",
        slots=read_slots(entries["slots"]) if "slots" in entries else (),
        filled=entries["filled"].text() if "filled" in entries else "",
        tries=entries["tries"].integer(0, 20) if "tries" in entries else DEFAULT_TRIES,
        give_up=entries["give_up"].text() if "give_up" in entries else "",
        corrects=entries["corrects"].text() if "corrects" in entries else "",
        max_visits=entries["max_visits"].integer(1, 100) if "max_visits" in entries else None,
        then=entries["then"].text() if "then" in entries else "",
    )


def read_interruptible(item: Item) -> Interruptible:
    """Read whether a caller may talk over what is said.

    Raises:
        ConfigError: the value is none of true, false and semantic.
    """
    if item.text() == Interruptible.SEMANTIC.value:
        return Interruptible.SEMANTIC
    return Interruptible.ANY if item.flag("true, false or semantic") else Interruptible.NO


def _check_slots(item: Item, entries: Mapping[str, Item], listen: bool) -> None:
    """Look at the keys of a node that need each other."""
    for one, other, meaning in (
        ("slots", "filled", "the node when all slots are filled"),
        ("max_visits", "then", "the node after that many visits"),
    ):
        if one in entries and other not in entries:
            item.fail(f"'{other}' is missing: {meaning}")
        if other in entries and one not in entries:
            entries[other].fail(f"needs '{one}'")
    for key in ("slots", "corrects"):
        if key in entries and not listen:
            entries[key].fail("a node with 'listen: false', 'goto' or 'instructions' does not wait for an answer")
    for key in ("tries", "give_up"):
        if key in entries and "slots" not in entries:
            entries[key].fail("needs 'slots'")
    for key in ("skill", "corrects"):
        if "slots" in entries and key in entries:
            entries[key].fail("a node has either this or 'slots'")


def read_silence(item: Item, needs_goto: bool = True) -> Silence:
    """Read what happens when the caller says nothing.

    Raises:
        ConfigError: a value is wrong.
    """
    entries = item.map(("seconds", "prompts", "limit", "goto"))
    for key in ("prompts", "goto") if needs_goto else ("prompts",):
        if key not in entries:
            item.fail(f"'{key}' is missing")
    prompts = entries["prompts"].texts()
    return Silence(
        prompts=prompts,
        limit=entries["limit"].integer(1, 20) if "limit" in entries else len(prompts),
        goto=entries["goto"].text() if "goto" in entries else "",
        seconds=entries["seconds"].integer(1, 120) if "seconds" in entries else None,
    )


def _instructions(item: Item) -> tuple[Instruction, ...]:
    entries = item.map(("hangup", "blacklist", "sms", "transfer", "keys"))
    if not entries:
        item.fail("expected at least one of hangup, blacklist, sms, transfer, keys")
    found: list[Instruction] = []
    if "sms" in entries:
        found.append(_short_message(entries["sms"]))
    if "blacklist" in entries and entries["blacklist"].flag():
        found.append(Blacklist())
    if "keys" in entries:
        found.append(_send_digits(entries["keys"]))
    if "transfer" in entries:
        found.append(_transfer(entries["transfer"]))
    if "hangup" in entries and entries["hangup"].flag():
        if "transfer" in entries:
            entries["hangup"].fail("a transfer ends the call by itself; leave this out")
        found.append(Hangup())
    return tuple(found)


def _send_digits(item: Item) -> SendDigits:
    digits = item.text().upper()
    if not are_keys(digits):
        item.fail(f'expected 1 to {MOST_KEYS} keys of a telephone, such as "2" or "1234#"')
    return SendDigits(digits)


def _short_message(item: Item) -> ShortMessage:
    entries = item.map(("mobile", "signature", "template"))
    values = {name: entry.text_or_empty() for name, entry in entries.items()}
    if not values.get("template"):
        item.fail("'template' is missing")
    return ShortMessage(values.get("mobile", ""), values.get("signature", ""), values["template"])


def _transfer(item: Item) -> ToCustomerService:
    entries = item.map(("type", "value", "address", "reason"))
    kind = entries["type"].choice(tuple(_TRANSFER_TYPES)) if "type" in entries else "number"
    address = entries["address"].text() if "address" in entries else ""
    value = entries["value"].text() if "value" in entries else ""
    if not address and not value:
        item.fail("expected 'value' (a seat, skill group or number) or 'address' (such as 1001@10.0.0.5)")
    reason = entries["reason"].text() if "reason" in entries else ""
    return ToCustomerService(address, _TRANSFER_TYPES[kind], value, reason)
