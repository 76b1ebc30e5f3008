"""A native pjsip player: takes calls and plays them a file in C, without any Python in the audio.

Started as ``python -m voicebot.bench.calls_native``. Its first line on stdin is its order, ``ready`` tells its SIP
port, and the end of stdin ends it. It does what pjsip's own ``pjsua --null-audio --auto-answer=200 --auto-play`` does:
the file goes to each caller, and each caller's voice to the sound device. pjsip's own thread handles the signalling.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import pjsua2 as pj

from telephony.line.config import FRAME_MS
from telephony.line.library import silence_start
from voicebot.runtime.stdio import report


class Player(pj.Account):
    """Answers all calls and plays them the file.

    Args:
        endpoint: the library.
        file: the WAV file, played over and over.
    """

    def __init__(self, endpoint: pj.Endpoint, file: str) -> None:
        super().__init__()
        self._endpoint = endpoint
        self.file: pj.AudioMediaPlayer | None = pj.AudioMediaPlayer()
        self.file.createPlayer(file)
        # Kept to the end: an object freed on pjsip's thread aborts the process.
        self.calls: list[pj.Call] = []

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        """Answer."""
        call = _Played(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)

    def play_to(self, stream: pj.AudioMedia) -> None:
        """Connect a caller."""
        if self.file is not None:
            self.file.startTransmit(stream)
        stream.startTransmit(self._endpoint.audDevManager().getPlaybackDevMedia())


class _Played(pj.Call):
    def __init__(self, player: Player, library_id: int) -> None:
        super().__init__(player, library_id)
        self._player = player

    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802
        """Connect the call's audio."""
        info = self.getInfo()
        for number, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._player.play_to(self.getAudioMedia(number))


def _open(rate_hz: int, max_calls: int) -> tuple[pj.Endpoint, int]:
    endpoint = pj.Endpoint()
    silence_start()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.maxCalls = max_calls
    config.logConfig.level = config.logConfig.consoleLevel = 0
    media = config.medConfig
    media.clockRate, media.channelCount, media.audioFramePtime = rate_hz, 1, FRAME_MS
    media.noVad, media.ecTailLen, media.sndAutoCloseTime = True, 0, -1
    endpoint.libInit(config)
    transport_config = pj.TransportConfig()
    transport_config.boundAddress = "127.0.0.1"
    transport = endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport_config)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    return endpoint, int(endpoint.transportGetInfo(transport).localName.rpartition(":")[2])


def _account_config(sip_port: int) -> pj.AccountConfig:
    config = pj.AccountConfig()
    config.idUri = f"sip:player@127.0.0.1:{sip_port}"
    config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    config.mediaConfig.transportConfig.port = 0
    return config


def main() -> int:
    """Play until stdin ends."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    endpoint, sip_port = _open(int(order["rate_hz"]), int(order["max_calls"]))
    player = Player(endpoint, str(order["file"]))
    player.create(_account_config(sip_port))
    report("ready", {"sip_port": sip_port})
    sys.stdin.read()
    endpoint.hangupAllCalls()
    endpoint.audDevManager().setNoDev()
    player.calls.clear()
    player.file = None
    player.shutdown()
    endpoint.libDestroy()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
