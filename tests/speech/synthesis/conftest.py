"""Voices for the tests: a synthetic one that needs no model, and the real ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings, load_settings


@pytest.fixture
def own_settings(tmp_path: Path) -> Settings:
    """Settings with a data directory of the test's own."""
    return load_settings(overrides=[f"paths.data={tmp_path}"])


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that all tests share, so that the voices are prepared once."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def real_models() -> ModelStore:
    return ModelStore(load_settings(environ=os.environ))
