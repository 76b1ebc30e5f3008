"""Who hears whom in a call that is supervised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.supervision.modes import Mode

CALLER, BOT, AGENT = "caller", "bot", "agent"
"""The parties of a call; a supervisor is one more, by the id of the supervision."""

Way = tuple[str, str]
"""One who speaks, and one who hears it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is in a call.

    Attributes:
        bridged: the caller talks to an agent through us, and no more to the bot.
        supervisors: those who have answered, by their ids.
        speaking: those of them who are speaking right now.
        hidden: the caller gives something that nobody is to hear, such as the number of a card.
    """

    bridged: bool = False
    supervisors: Mapping[str, Mode] = field(default_factory=dict)
    speaking: frozenset[str] = frozenset()
    hidden: bool = False

    @property
    def taken_over(self) -> bool:
        """A supervisor has taken the call over."""
        return Mode.TAKE_OVER in self.supervisors.values()

    @property
    def bot_waits(self) -> bool:
        """A supervisor speaks whom the bot must not talk over."""
        return any(self.supervisors.get(one) is Mode.TALK for one in self.speaking)


def ways(scene: Scene) -> frozenset[Way]:
    """Return who hears whom; whatever is not in it is not heard.

    Our own port, which listens to the caller for the recording and the bot's ears, is none of these.
    """
    heard = set(_partner(scene))
    for name, mode in scene.supervisors.items():
        heard |= {(name, hearer) for hearer in _hearers(scene, name, mode)}
        if not (scene.hidden and mode in (Mode.LISTEN, Mode.WHISPER)):
            heard.add((CALLER, name))
        heard |= {(speaker, name) for speaker, hearer in _partner(scene) if hearer == CALLER}
    return frozenset(heard)


def _partner(scene: Scene) -> set[Way]:
    """The caller and whom the caller talks to, supervisors apart."""
    if scene.bridged:
        # The bot has nothing to say, but a tone that tells the caller of the supervisor comes from there.
        told = {(BOT, CALLER)} if scene.supervisors else set()
        return told if scene.taken_over else told | {(CALLER, AGENT), (AGENT, CALLER)}
    return set() if scene.taken_over or scene.bot_waits else {(BOT, CALLER)}


def _hearers(scene: Scene, name: str, mode: Mode) -> set[str]:
    """Who hears a supervisor."""
    agent = {AGENT} if scene.bridged and not scene.taken_over else set()
    if mode is Mode.LISTEN:
        return set()
    if mode is Mode.WHISPER:
        return agent
    return {CALLER, *agent, *scene.supervisors} - {name}
