"""The library: what an address stands for, from disk or in the making, and made once for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import closing
from functools import partial

from voicebot.errors import ConfigError, SynthesisError
from voicebot.filecache import MIB
from voicebot.server.audio.addresses import AudioAddresses, Sentence
from voicebot.server.audio.encoders import Encoder, make_encoder
from voicebot.server.audio.formats import Variant
from voicebot.server.audio.sharing import Listener, SharedStream
from voicebot.server.audio.shelf import AudioShelf, StoredAudio
from voicebot.server.closing import closing_iterator
from voicebot.server.secrets import audio_secret
from voicebot.settings import Settings
from voicebot.speech.types import BYTES_PER_SAMPLE, SpeechRequest, Synthesiser

LONGEST_S = 600
"""A sentence that speaks longer than this is broken off: all of it is held in memory while it is made."""


class Making:
    """A file in the making."""

    def __init__(self) -> None:
        self.whole: StoredAudio | None = None
        """The file, once all of it is there."""
        self.stream: SharedStream

    def listen(self) -> Listener:
        """Join; see ``SharedStream.listen``."""
        return self.stream.listen()


class AudioLibrary:
    """To be used from one event loop.

    Args:
        synthesiser: speaks the sentences.
        shelf: where whole files are kept.
        addresses: what the files are called.
    """

    def __init__(self, synthesiser: Synthesiser, shelf: AudioShelf, addresses: AudioAddresses) -> None:
        self._synthesiser = synthesiser
        self._shelf = shelf
        self.addresses = addresses
        self._spoken: dict[tuple[str, int], SharedStream] = {}
        self._making: dict[Variant, Making] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def url_path(self, text: str, voice: str) -> str:
        """Return path and query of the address of a sentence; a microsecond or two if it was asked for before."""
        return self.addresses.url_path(text, voice)

    async def stored(self, wanted: Variant) -> StoredAudio | None:
        """Return a file that is on disk."""
        if not self._shelf.has(wanted.key):
            return None
        return await asyncio.to_thread(self._shelf.read, wanted.key)

    async def find(self, wanted: Variant) -> StoredAudio | Making | None:
        """Return a file from disk, or in the making, which begins with the first who asks. None: no such sentence.

        Who gets a file in the making must listen to it before anything else is awaited.
        """
        # Twice: while a damaged file was read, another one may have had it made again.
        for _ in range(2):
            making = self._under_way(wanted)
            if making is not None:
                return making
            stored = await self.stored(wanted)
            if stored is not None:
                return stored
        sentence = self.addresses.sentence(wanted.name)
        if sentence is None:
            return None
        return self._under_way(wanted) or self._begin(wanted, sentence)

    async def close(self) -> None:
        """Give up what is in the making."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _under_way(self, wanted: Variant) -> Making | None:
        making = self._making.get(wanted)
        return making if making is not None and making.stream.running else None

    def _begin(self, wanted: Variant, sentence: Sentence) -> Making:
        making = self._making[wanted] = Making()

        def forget() -> None:
            if self._making.get(wanted) is making:
                del self._making[wanted]

        making.stream = SharedStream(partial(self._encode, wanted, sentence, making), self._spawn, forget)
        return making

    async def _encode(self, wanted: Variant, sentence: Sentence, making: Making) -> AsyncGenerator[bytes, None]:
        encoder = make_encoder(wanted.format, wanted.rate_hz)
        streamed: list[bytes] = []
        with closing(self._speech(wanted, sentence).listen()) as pcm:
            async with closing_iterator(_encoded(encoder, pcm)) as pieces:
                async for piece in pieces:
                    streamed.append(piece)
                    yield piece
        whole = encoder.whole(b"".join(streamed))
        making.whole = await asyncio.to_thread(self._shelf.store, wanted.key, whole)

    def _speech(self, wanted: Variant, sentence: Sentence) -> SharedStream:
        """Return the sound of a sentence, for all its formats."""
        key = (wanted.name, wanted.rate_hz)
        spoken = self._spoken.get(key)
        if spoken is not None and not spoken.failed:
            return spoken

        def forget() -> None:
            if self._spoken.get(key) is stream:
                del self._spoken[key]

        request = SpeechRequest(sentence.text, sentence.voice, wanted.rate_hz)
        stream = self._spoken[key] = SharedStream(partial(self._speak, request), self._spawn, forget)
        return stream

    async def _speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        left = LONGEST_S * request.rate_hz * BYTES_PER_SAMPLE
        async with closing_iterator(self._synthesiser.synthesise(request)) as pieces:
            async for pcm in pieces:
                left -= len(pcm)
                if left < 0:
                    raise SynthesisError(f"a sentence speaks for more than {LONGEST_S} s")
                yield pcm

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name="audio-file")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def open_library(settings: Settings, synthesiser: Synthesiser) -> AudioLibrary:
    """Open the library of a service.

    Raises:
        ConfigError: the secret or the files cannot be kept in the data directory.
    """
    directory = settings.paths.data / "audio"
    try:
        shelf = AudioShelf(directory, settings.audio_files.cache_mib * MIB)
    except OSError as error:
        raise ConfigError(f"{directory}: audio files cannot be kept here: {error.strerror}") from error
    addresses = AudioAddresses(audio_secret(settings), settings.audio_files.valid_s)
    return AudioLibrary(synthesiser, shelf, addresses)


async def _encoded(encoder: Encoder, pcm: Listener) -> AsyncGenerator[bytes, None]:
    """Encode speech. The header comes with the first sound: a voice that fails at once has sent nothing."""
    header, odd = encoder.header(), b""
    async for piece in pcm:
        samples = odd + piece
        even = len(samples) - len(samples) % BYTES_PER_SAMPLE
        odd = samples[even:]
        coded = await asyncio.to_thread(encoder.feed, samples[:even]) if encoder.slow else encoder.feed(samples[:even])
        yield header + coded
        header = b""
    yield header + (await asyncio.to_thread(encoder.finish) if encoder.slow else encoder.finish())
