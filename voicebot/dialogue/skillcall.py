"""Runs what nodes have skills do, and puts the results into the session. Failures are told, never raised."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.dialogue.bot import DEFAULT_JOB_S, DEFAULT_WAIT_S, LONGEST_WAIT_S, Bot, Node
from voicebot.dialogue.session import Session
from voicebot.dialogue.texts import render
from voicebot.errors import SkillError
from voicebot.skills.result import as_texts, pick
from voicebot.skills.spec import SkillRunner

logger = logging.getLogger(__name__)

_JOINTS = {"zh": "\u3001"}


@dataclass(frozen=True, slots=True)
class SkillCall:
    """A skill that is to be run now.

    Attributes:
        node: the node that wants it.
        name: of the skill.
        arguments: its parameters, filled in.
        save: variables for the result, each with the field of it; "" for all of it.
        timeout_s: how long it may take.
    """

    node: str
    name: str
    arguments: Mapping[str, str]
    save: Mapping[str, str]
    timeout_s: float


def prepare_call(bot: Bot, node: Node, session: Session) -> SkillCall:
    """Return the call that a node with a skill makes, and clear its variables: an old result is not this one's."""
    use = node.skill
    assert use is not None, "the node has a skill"
    # Before the old result is cleared: a skill may want it.
    arguments = {name: render(text, session.variables, bot.variables) for name, text in use.arguments.items()}
    for name in use.save:
        for known in [key for key in session.variables if key == name or key.startswith(f"{name}.")]:
            del session.variables[known]
    own_s = use.timeout_s or bot.skills[use.name].timeout_s
    timeout_s = min(own_s or DEFAULT_WAIT_S, LONGEST_WAIT_S) if use.wait else own_s or DEFAULT_JOB_S
    return SkillCall(node.id, use.name, arguments, use.save, timeout_s)


class SkillDesk:
    """Takes the calls of one bot to its skills.

    Args:
        bot: the bot.
        runner: runs its skills; None if nobody does, and then all of them fail.
    """

    def __init__(self, bot: Bot, runner: SkillRunner | None) -> None:
        self._bot = bot
        self._runner = runner
        self._jobs: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def run(self, call: SkillCall) -> dict[str, str] | None:
        """Run a skill; returns the variables that its result makes, None if it failed."""
        if self._runner is None:
            logger.warning("bot %s: skill %s cannot run here", self._bot.name, call.name)
            return None
        try:
            result = await self._runner.run(call.name, call.arguments, call.timeout_s)
        except SkillError as error:
            logger.warning("bot %s at %s: %s", self._bot.name, call.node, error.message)
            return None
        except Exception:
            # A mistake of ours costs the caller this skill, not the call.
            logger.exception("bot %s at %s: skill %s could not be run", self._bot.name, call.node, call.name)
            return None
        joint = _JOINTS.get(self._bot.language, ", ")
        texts: dict[str, str] = {}
        for name, path in call.save.items():
            texts |= as_texts(name, pick(result, path), joint)
        return texts

    def run_in_background(self, session: Session, call: SkillCall) -> None:
        """Let a skill run on its own; the result is saved when it comes, whatever was said in the meantime.

        If the same node has started it before, the earlier one's result is not wanted any more.
        """
        key = (session.id, call.node)
        earlier = self._jobs.pop(key, None)
        if earlier is not None:
            earlier.cancel()
        job = asyncio.create_task(self._job(session, call), name=f"skill-{call.name}")
        self._jobs[key] = job
        job.add_done_callback(lambda done: self._jobs.pop(key) if self._jobs.get(key) is done else None)

    async def close(self) -> None:
        """Give up what runs in the background."""
        jobs = list(self._jobs.values())
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    async def _job(self, session: Session, call: SkillCall) -> None:
        for name, text in (await self.run(call) or {}).items():
            session.set_variable(name, text)
