"""Audio files of sentences: an address goes out at once, and the sound is made when it is fetched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import struct
from collections import OrderedDict

from aiohttp import web

from voicebot.errors import SpeechError
from voicebot.server.closing import closing_iterator
from voicebot.server.failures import Refusal
from voicebot.speech.types import BYTES_PER_SAMPLE, SpeechRequest, Synthesiser

logger = logging.getLogger(__name__)

RATES_HZ = (8000, 16000)
MAX_NAMES = 20_000
_NAME_BYTES = 24
_UNKNOWN_LENGTH = 0xFFFFFFFF


class AudioLibrary:
    """Names of audio files, and the sentences they stand for; the ones not asked for the longest are forgotten."""

    def __init__(self, synthesiser: Synthesiser, secret: bytes, max_names: int = MAX_NAMES) -> None:
        self.synthesiser = synthesiser
        self._secret = secret
        self._max_names = max_names
        self._sentences: OrderedDict[str, SpeechRequest] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sentences)

    def name_of(self, text: str, voice: str) -> str:
        """Return the name of a sentence's file: the same every time, and nobody else can work it out."""
        request = SpeechRequest(text.strip(), voice, RATES_HZ[0])
        message = "\0".join((request.voice, str(request.rate_hz), request.text))
        digest = hmac.new(self._secret, message.encode("utf-8"), hashlib.sha256).digest()
        name = base64.urlsafe_b64encode(digest[:_NAME_BYTES]).decode("ascii")
        self._sentences[name] = request
        self._sentences.move_to_end(name)
        if len(self._sentences) > self._max_names:
            self._sentences.popitem(last=False)
        return name

    def find(self, name: str) -> SpeechRequest | None:
        """Return the sentence of a name."""
        return self._sentences.get(name)


LIBRARY = web.AppKey("audio_library", AudioLibrary)


def wav_header(rate_hz: int) -> bytes:
    """Return the header of a mono 16-bit WAV whose length is not known yet (all ones, as ffmpeg streams it)."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", _UNKNOWN_LENGTH, b"WAVE", b"fmt ", 16, 1, 1),
        *(rate_hz, rate_hz * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE),
        *(b"data", _UNKNOWN_LENGTH),
    )


async def get_audio(request: web.Request) -> web.StreamResponse:
    """``GET /audio/{name}.wav``: stream a sentence while it is synthesised. ``?rate=16000`` for wideband."""
    library = request.app.get(LIBRARY)
    sentence = library.find(request.match_info["name"]) if library is not None else None
    if library is None or sentence is None:
        raise Refusal(404, "not_found", "there is no such audio file")
    rate = request.query.get("rate", str(RATES_HZ[0]))
    if rate not in map(str, RATES_HZ):
        raise Refusal(400, "bad_request", "rate: expected 8000 or 16000", "rate")
    wanted = SpeechRequest(sentence.text, sentence.voice, int(rate))
    response = web.StreamResponse(headers={"Content-Type": "audio/wav", "Cache-Control": "private, max-age=3600"})
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    await _stream(request, response, library.synthesiser, wanted)
    return response


async def _stream(
    request: web.Request, response: web.StreamResponse, synthesiser: Synthesiser, wanted: SpeechRequest
) -> None:
    # A client that goes away cancels this handler, and with it the synthesis.
    async with closing_iterator(synthesiser.synthesise(wanted)) as pieces:
        try:
            async for pcm in pieces:
                # The header goes out with the first sound: a voice that fails at once still gets a proper error.
                if not response.prepared:
                    await response.prepare(request)
                    await response.write(wav_header(wanted.rate_hz))
                await response.write(pcm)
        except SpeechError as error:
            if not response.prepared:
                raise
            logger.error("audio broke off: %s", error.code)
            if request.transport is not None:
                request.transport.abort()  # a torn file must not look like a whole one
            return
    if not response.prepared:
        await response.prepare(request)
        await response.write(wav_header(wanted.rate_hz))
    await response.write_eof()
