"""Close async iterators for sure: the seams promise iterators, of which generators want to be closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class closing_iterator(Generic[T]):  # noqa: N801 - used like contextlib.aclosing
    """Use an iterator and close it at the end, however that comes about, so that its work stops at once."""

    def __init__(self, iterator: AsyncIterator[T]) -> None:
        self._iterator = iterator

    async def __aenter__(self) -> AsyncIterator[T]:
        return self._iterator

    async def __aexit__(self, *error: object) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()
