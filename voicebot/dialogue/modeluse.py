"""What a bot wants of a language model, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TRANSFER, HANG_UP = "transfer_to_human", "hang_up"
ACTIONS = (TRANSFER, HANG_UP)
"""Tools that every model may be given; where they lead is for the bot to say."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """When a bot asks the language model, and what that may do.

    Attributes:
        persona: who the bot is and what it knows; a template.
        questions: the model answers questions of the FAQ, too, that were not asked word by word; it is shown the
            FAQ's answer. Otherwise it answers only what nothing else in the bot understood.
        tools: names of the skills that it may use, "*" for all.
        actions: names from ACTIONS, each with the node that it leads to.
        withhold: names of variables that it is not told, besides those of the settings.
        private: nodes at which it is not asked, and whose answers by the caller it is not told.
        ask_again: the node's question follows the model's answer.
        filler: said one after the other while the model is slow.
    """

    persona: str = ""
    questions: bool = False
    tools: tuple[str, ...] = ()
    actions: Mapping[str, str] = field(default_factory=dict)
    withhold: tuple[str, ...] = ()
    private: frozenset[str] = frozenset()
    ask_again: bool = True
    filler: tuple[str, ...] = ()

    def may_use(self, skill: str) -> bool:
        """Tell whether the model may use a skill."""
        return "*" in self.tools or skill in self.tools
