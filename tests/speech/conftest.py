"""Models for the speech tests: those `voicebot models pull` fetched, wherever the settings say they lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings, load_settings


@pytest.fixture(scope="session")
def settings() -> Settings:
    return load_settings(environ=os.environ)


@pytest.fixture(scope="session")
def model_store(settings: Settings) -> ModelStore:
    return ModelStore(settings)


@pytest.fixture(scope="session")
def whisper_directory(model_store: ModelStore, settings: Settings) -> Path:
    return model_store.path(settings.speech.recogniser.model)
