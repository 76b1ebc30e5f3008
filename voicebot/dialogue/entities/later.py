"""Values that are looked for when somebody wants to see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import overload

from voicebot.dialogue.entities.entity import Entity


class FoundLater(Sequence[Entity]):
    """The values of an utterance; the first look at them starts the search.

    Where a bot asks for no value, only those who look on (the log, ``voicebot chat -v``) want to know which there are,
    and the caller need not wait for that.
    """

    def __init__(self, search: Callable[[], Sequence[Entity]]) -> None:
        self._search = search

    @cached_property
    def _found(self) -> Sequence[Entity]:
        return self._search()

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> Entity: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entity]: ...
    def __getitem__(self, index: int | slice) -> Entity | Sequence[Entity]:
        return self._found[index]
