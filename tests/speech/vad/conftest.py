from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.modelstore.store import ModelStore
from voicebot.speech.vad.silero import MODEL_FILE, MODEL_ID, SileroModel


@pytest.fixture(scope="session")
def silero_file(model_store: ModelStore) -> Path:
    return model_store.path(MODEL_ID) / MODEL_FILE


@pytest.fixture(scope="session")
def silero(silero_file: Path) -> SileroModel:
    return SileroModel(silero_file)
