"""Settings for a service that measures itself: free ports, the loopback, and its own folder for what it keeps."""

from __future__ import annotations

from pathlib import Path

from voicebot.settings.model import Settings


def on_free_ports(settings: Settings) -> Settings:
    """Return the settings with all ports free ones on the loopback, no PBX, no call records kept, a quiet log."""
    sip = settings.sip.model_copy(
        update={"host": "127.0.0.1", "public_host": "", "port": 0, "rtp_port": 0, "accounts": []}
    )
    http = settings.http.model_copy(update={"host": "127.0.0.1", "port": 0, "public_url": ""})
    recording = settings.recording.model_copy(update={"enabled": False, "transcripts": False})
    log = settings.log.model_copy(update={"level": "warning"})
    return settings.model_copy(update={"sip": sip, "http": http, "recording": recording, "log": log})


def bench_folder(settings: Settings, name: str) -> Path:
    """Return the folder for a bench's recordings."""
    return settings.paths.data / "bench" / name
