"""The ways through a bot, and nodes that callers never reach or never leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from voicebot.dialogue.bot import Bot, Node
from voicebot.dialogue.checking.finding import Finding, Severity
from voicebot.dialogue.checking.source import BotSource
from voicebot.protocol.instruction import Hangup

Ways = Callable[[Node], Iterable[str]]


def check_graph(source: BotSource) -> Iterator[Finding]:
    """Look for nodes that are never reached, that lead nowhere, or that the conversation never gets out of."""
    bot = source.bot
    ways = _Ways(bot)
    reached = _closure(bot, [bot.start], ways.all_of)
    for name in bot.nodes:
        if name not in reached:
            problem = f"no way leads to the node '{name}'"
            fix = "lead to it with a 'goto' somewhere, or delete it"
            yield Finding(Severity.WARNING, "unreachable_node", source.node(name), problem, fix)
    stuck: set[str] = set()
    for node in (bot.nodes[name] for name in bot.nodes if name in reached):
        for finding in _dead_end(source, node):
            stuck.add(node.id)
            yield finding
    yield from _loops(source, ways, reached - stuck)
    for node in (bot.nodes[name] for name in bot.nodes if name in reached):
        yield from _asks_forever(source, node)
        if node.transfers and not (node.on_transfer_failed or bot.on_transfer_failed):
            problem = f"nothing is said if the transfer of '{node.id}' fails"
            fix = "name a node under on_transfer_failed, here or for the whole bot"
            yield Finding(Severity.WARNING, "no_on_transfer_failed", source.node(node.id, "instructions"), problem, fix)


def ends(node: Node) -> bool:
    """Tell whether a node ends the conversation with the bot."""
    return node.transfers or any(isinstance(instruction, Hangup) for instruction in node.instructions)


def own_ways(bot: Bot, node: Node) -> list[str]:
    """Return where a node itself leads: not what is understood everywhere, not silence, and not "what?"."""
    targets = [*bot.next_nodes(node), node.then, node.filled, node.give_up, node.corrects, node.after_answer]
    targets += [transition.goto for transition in node.transitions]
    return [target for target in dict.fromkeys(targets) if target]


def caller_ways(bot: Bot, node: Node) -> list[str]:
    """Return where words of the caller lead from a node, those included that are understood everywhere."""
    targets = own_ways(bot, node)
    if node.listen or node.waits_for_skill:
        targets += [effect.goto for effect in bot.globals.values()]
        targets += bot.language_model.actions.values() if bot.language_model is not None else []
    return [target for target in dict.fromkeys(targets) if target]


class _Ways:
    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def of_caller(self, node: Node) -> list[str]:
        return caller_ways(self._bot, node)

    def all_of(self, node: Node) -> list[str]:
        bot, targets = self._bot, self.of_caller(node)
        if node.listen or node.waits_for_skill:
            targets += [bot.fallback.goto, (node.silence.goto if node.silence is not None else "") or bot.silence.goto]
        if node.transfers:
            failed = node.on_transfer_failed or bot.on_transfer_failed
            targets += [failed or bot.fallback.goto, node.on_transfer_busy or bot.on_transfer_busy or failed]
        return [target for target in dict.fromkeys(targets) if target]


def _closure(bot: Bot, start: Iterable[str], ways: Ways) -> set[str]:
    reached, waiting = set(start), list(start)
    while waiting:
        for target in ways(bot.nodes[waiting.pop()]):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _dead_end(source: BotSource, node: Node) -> Iterator[Finding]:
    if ends(node) or node.goto:
        return
    if not node.listen:
        problem = f"after '{node.id}' nothing happens: it neither asks nor goes on nor ends the call"
        fix = "give it a 'goto', or 'hangup: true' under instructions"
        yield Finding(Severity.ERROR, "dead_end", source.node(node.id), problem, fix)
    elif not (node.transitions or node.slots or node.after_answer or node.corrects):
        problem = f"'{node.id}' waits for an answer, and no answer leads on from it"
        fix = "give it 'transitions', or a 'goto' if it does not ask anything"
        yield Finding(Severity.WARNING, "no_way_on", source.node(node.id), problem, fix)


def _loops(source: BotSource, ways: _Ways, among: set[str]) -> Iterator[Finding]:
    """Tell of nodes from which no end of the call can be reached: with nothing at all, or with words."""
    without_end = _without_end(source.bot, ways.all_of) & among
    if without_end:
        yield _loop(
            source, without_end, Severity.ERROR, "no_exit", "the conversation never ends, whatever the caller does"
        )
    wordless = (_without_end(source.bot, ways.of_caller) & among) - without_end
    wordless = {name for name in wordless if not _leads_nowhere(source.bot.nodes[name])}
    if wordless:
        problem = "nothing that a caller says ends the conversation, only silence or not being understood"
        yield _loop(source, wordless, Severity.WARNING, "no_exit_by_words", problem)


def _leads_nowhere(node: Node) -> bool:
    return node.listen and not (node.transitions or node.slots or node.after_answer or node.corrects)


def _loop(source: BotSource, names: set[str], severity: Severity, code: str, problem: str) -> Finding:
    ordered = [name for name in source.bot.nodes if name in names]
    shown = ", ".join(ordered[:6]) + (", …" if len(ordered) > 6 else "")
    fix = "lead from one of them to a node with 'hangup: true' or a transfer"
    return Finding(severity, code, source.node(ordered[0]), f"from {shown}: {problem}", fix)


def _without_end(bot: Bot, ways: Ways) -> set[str]:
    before: dict[str, set[str]] = {name: set() for name in bot.nodes}
    for node in bot.nodes.values():
        for target in ways(node):
            before[target].add(node.id)
    waiting = [node.id for node in bot.nodes.values() if ends(node)]
    leading = set(waiting)
    while waiting:
        fresh = before[waiting.pop()] - leading
        leading |= fresh
        waiting += fresh
    return set(bot.nodes) - leading


def _asks_forever(source: BotSource, node: Node) -> Iterator[Finding]:
    """Tell of a question that any answer leads back to: whoever is not understood is never let go."""
    if node.max_visits is not None or not node.listen:
        return
    for number, transition in enumerate(node.transitions):
        if transition.when.any and transition.only_if is None and _comes_back(source.bot, transition.goto, node):
            problem = f"whatever the caller says, '{node.id}' may ask again and again without end"
            fix = "limit it with max_visits and then, or leave the 'any' out: then the fallback has a limit"
            where = source.transition(node.id, number)
            yield Finding(Severity.WARNING, "asks_forever", where, problem, fix)


def _comes_back(bot: Bot, name: str, to: Node) -> bool:
    """Follow nodes that go on without a choice."""
    seen: set[str] = set()
    while name not in seen:
        if name == to.id:
            return True
        seen.add(name)
        node = bot.nodes[name]
        if node.listen or node.branches or node.max_visits is not None or not node.goto:
            return False
        name = node.goto
    return False
