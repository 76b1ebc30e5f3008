"""The whole service in one place: HTTP server with the brain, speech worker, edge and line workers."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web

from voicebot.errors import PortInUseError
from voicebot.runtime.child import Child
from voicebot.runtime.keeper import Keeper
from voicebot.runtime.supervisor import EventHandler, Supervisor, Wiring
from voicebot.settings.model import Settings
from voicebot.speech.types import SpeechRequest
from voicebot.speech.worker.client import SpeechClient

logger = logging.getLogger(__name__)
