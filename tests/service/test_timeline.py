"""A real call that is interrupted: its log, how well that fits the recording, and the picture."""

from __future__ import annotations

import asyncio
import json
import stat
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.peers import baresip
from tests.service.running import RunningService, heard
from tests.service.sounds import GO_FORWARD, audible_ms, read_wav, tape
from tests.support.sip_peers import needs_baresip
from voicebot.cli.main import main
from voicebot.runtime.timeline_file import SUFFIX

pytestmark = [pytest.mark.sip, pytest.mark.audio, needs_baresip, pytest.mark.timeout(120)]

# A frame, and what an event loop on a busy machine adds to it.
EXACT_MS = 60
# The bot may be stopped between two words, and is heard no more since the end of the first.
WORD_GAP_MS = 300
CODEC_NOISE = 16


@dataclass
class Drawn:
    """A call that is over."""

    record: dict[str, Any]
    recording: Path
    log: Path
    lines: list[dict[str, Any]]

    def at(self, name: str) -> list[float]:
        """When something happened, in the recording."""
        begin = self.lines[0]["recording_ms"]
        return [line["at"] + begin for line in self.lines if name in (line.get("event"), line.get("action"))]


@pytest.fixture(scope="module")
def call(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """A caller talks over the story."""

    async def ring() -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("drawn") / "caller"
        async with baresip(folder, "drawn", tape(3.0, GO_FORWARD, 25.0)) as peer:
            await peer.tell("dial", f"sip:story@127.0.0.1:{service.sip_port}")
            await peer.event("CALL_CLOSED")
            return await service.record("drawn")

    record = asyncio.run(ring())
    recording = service.recording(record)
    log = recording.with_name(recording.stem + SUFFIX)
    return Drawn(record, recording, log, [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()])


def test_the_log_lies_beside_the_recording_and_tells_the_whole_call(call: Drawn) -> None:
    header, *lines = call.lines
    assert header["call"] == call.record["info"]["call_id"]
    assert header["recording"] == call.recording.name
    assert stat.S_IMODE(call.log.stat().st_mode) == 0o600
    assert lines[0]["event"] == "CallAnswered"
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    told = {line.get("event") or line.get("action") for line in lines}
    wanted = {"Ask", "ChunkArrived", "Speak", "AudioReady", "ClipTimed", "ClipStarted", "SpeechGrew", "EndOfTurn"}
    assert wanted | {"UtteranceEnded", "TranscriptReady", "ClipStopped", "RecordHeard", "HangUp", "CallEnded"} <= told


def test_its_times_are_places_in_the_recording(call: Drawn) -> None:
    both, rate_hz = read_wav(call.recording)
    bot, caller = np.array(audible_ms(both[:, 1], rate_hz)), np.array(audible_ms(both[:, 0], rate_hz))
    assert call.at("ClipStarted")[0] == pytest.approx(bot[0], abs=EXACT_MS)
    silences = [at_ms for name in ("PauseSpeaking", "StopSpeaking") for at_ms in call.at(name)]
    fell_silent = bot[bot < min(silences) + 500][-1]
    assert fell_silent - EXACT_MS < min(silences) < fell_silent + WORD_GAP_MS
    clip_begins = np.flatnonzero(np.abs(both[:, 0]) > CODEC_NOISE)[0] * 1000 / rate_hz  # with a breath
    assert clip_begins - EXACT_MS < call.at("SpeechGrew")[0] < caller[0] + 300


def test_what_was_heard_is_whole_words_that_the_recording_has(call: Drawn) -> None:
    (story, complete), *_ = heard(call.record)
    assert not complete
    timed = next(line for line in call.lines if line.get("event") == "ClipTimed")
    spoken = next(line["text"] for line in call.lines if line.get("action") == "Speak")
    stopped = next(line for line in call.lines if line.get("event") == "ClipStopped")
    over = [index for index, end_ms in timed["word_ends"] if end_ms <= stopped["heard_ms"] + 20]
    assert story == spoken[: over[-1]]
    assert not spoken[over[-1]].isalnum()


def test_it_can_be_drawn(call: Drawn, service: RunningService, tmp_path: Path) -> None:
    picture = tmp_path / "call.svg"
    config = ["--config", str(service.data.parent / "voicebot.yaml")]
    assert main(["timeline", call.record["info"]["call_id"], "--out", str(picture), *config]) == 0
    drawn = "".join(ET.parse(picture).getroot().itertext())
    assert "Once upon a time" in drawn
    assert "asks (2)" in drawn
    assert "caller" in drawn
