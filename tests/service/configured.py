"""Settings for the tests' services."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BOTS = Path(__file__).parent / "bots"
APOLOGY = "Sorry, we have a problem."


def line(name: str, language: str = "en", **more: Any) -> dict[str, Any]:
    """Return the settings of a line that answers to its own name, by the bot of that name."""
    return {"name": name, "called": [name], "bot": name, "language": language, **more}


def config(**more: Any) -> dict[str, Any]:
    """Return settings with free ports, short words and the tests' own bots."""
    return {
        "sip": {"port": 0, "rtp_port": 0, **more.pop("sip", {})},
        "http": {"port": 0},
        "bots": {"directory": str(BOTS), "default": "desk"},
        "conversation": {"apology": {"en": APOLOGY, "zh": "抱歉。"}, "goodbye": {"en": "Goodbye.", "zh": "再见。"}},
        **more,
    }
