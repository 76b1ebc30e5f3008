"""Fixtures of the download tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.modelstore.shelf import Shelf, ShelfServer


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with ShelfServer() as running:
        yield running
