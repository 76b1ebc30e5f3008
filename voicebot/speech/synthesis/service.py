"""The synthesiser of the speech worker: cache, single flight, clause by clause, callers before prompts."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import ModelError, SynthesisError
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings
from voicebot.settings.model import Language
from voicebot.speech.recognition.pool import UrgencyPool
from voicebot.speech.synthesis.cache import CacheStats, PromptCache, content_key
from voicebot.speech.synthesis.clauses import clauses
from voicebot.speech.synthesis.normalise import normalise
from voicebot.speech.synthesis.rendering import LIVE, PRERENDER, LiveTraffic, Rendering
from voicebot.speech.synthesis.resample import telephone_audio
from voicebot.speech.synthesis.speakable import has_cjk
from voicebot.speech.synthesis.voices import VoiceFiles, VoiceShelf
from voicebot.speech.types import SpeechRequest, Voice

RATES_HZ = (8000, 16000)
_LANGUAGES: tuple[Language, ...] = ("zh", "en")

# Silence behind a clause by the punctuation it ends with, about what a person leaves.
_SENTENCE_GAP_MS = 240
_COMMA_GAP_MS = 120
_OTHER_GAP_MS = 60
_SENTENCE_ENDS = "。！？!?.…；;"
_CLOSERS = "”’」』】）》\"')] "
_PLANS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a request comes to: the voice, the text as read, and the name in the cache."""

    files: VoiceFiles
    text: str
    key: str
    rate_hz: int


class SynthesisService:
    """Implements ``voicebot.speech.types.Synthesiser``. To be used from one event loop.

    Args:
        settings: threads, cache size and where the cache lies.
        shelf: the voices; several services may share one.
        parallel: clauses rendered at a time; None for what the cores allow, two at least: a prompt in
            the making must not hold up a caller.

    Raises:
        SynthesisError: the cache directory cannot be used.
    """

    def __init__(self, settings: Settings, shelf: VoiceShelf, parallel: int | None = None) -> None:
        wanted = settings.speech.synthesiser
        directory = settings.paths.prompts
        self._shelf = shelf
        try:
            self._cache = PromptCache(directory, wanted.cache_mib)
        except OSError as error:
            raise SynthesisError(f"{directory}: cannot be used for prompts: {error.strerror}") from error
        slots = parallel or max(2, (os.cpu_count() or 1) // wanted.threads)
        self._pool: UrgencyPool[bytes] = UrgencyPool(slots, "synthesis")
        self._traffic = LiveTraffic()
        self._renderings: dict[str, Rendering] = {}
        self._prerendering = asyncio.Lock()
        self._storing: set[asyncio.Task[None]] = set()
        self._plans = functools.lru_cache(maxsize=_PLANS_KEPT)(self._make_plan)
        self._closed = False

    @classmethod
    async def load(cls, store: ModelStore, settings: Settings) -> SynthesisService:
        """Open the synthesiser and load the voices that the lines use, so that no caller waits for that.

        Raises:
            ModelError: the model of such a voice is missing or broken; says how to get it.
            SynthesisError: a voice cannot be loaded, or the cache directory cannot be used.
        """
        used = [line.voice or line.language for line in settings.lines]
        defaults: dict[str, str] = {}
        for language in _LANGUAGES:
            try:
                defaults[language] = store.voice(language)
            except ModelError:
                if language in used:
                    raise
        for voice in used:
            await asyncio.to_thread(store.path, defaults.get(voice, voice).partition("/")[0])
        voice_models = [model.id for model in store.manifest.models if model.kind == "voice"]
        service = cls(settings, open_shelf(settings, store.path, defaults, voice_models))
        try:
            await service.start(used)
        except SynthesisError:
            await service.close()
            raise
        return service

    async def start(self, voices: Iterable[str]) -> None:
        """Load and warm the named voices (ids or languages).

        Raises:
            SynthesisError: one of them is not there or cannot be loaded.
        """
        for voice in dict.fromkeys(voices):
            await asyncio.to_thread(self._shelf.load, voice)

    async def close(self) -> None:
        """Give up all renderings and wait until threads and writers are through."""
        self._closed = True
        pending = list(self._renderings.values())
        for rendering in pending:
            rendering.give_up()
        for rendering in pending:
            await rendering.wait_ended()
        await asyncio.gather(*self._storing)
        await self._pool.close()

    @property
    def cache_stats(self) -> CacheStats:
        """How the prompt cache is doing."""
        return self._cache.stats

    @property
    def voices(self) -> list[Voice]:
        """List the voices whose models are there; looks at the disk."""
        return self._shelf.voices()

    def cache_key(self, request: SpeechRequest) -> str:
        """Return the name of the rendered text: the same for all requests that sound the same; "" for silence.

        Raises:
            SynthesisError: the voice or the rate is unknown, or the voice cannot read the text.
        """
        plan = self._plans(request)
        return plan.key if plan else ""

    def cached_path(self, request: SpeechRequest) -> Path | None:
        """Return the WAV file of a text that was rendered before, None if it was not.

        Raises:
            SynthesisError: as ``cache_key``.
        """
        plan = self._plans(request)
        path = self._cache.path(plan.key) if plan else None
        return path if path is not None and path.is_file() else None

    async def synthesise(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """Yield PCM clause by clause; at once and in one piece when it was rendered before.

        A text with nothing to speak in it yields nothing.

        Raises:
            SynthesisError: the text cannot be spoken.
        """
        async with aclosing(self._listen(request, LIVE)) as pieces:
            async for piece in pieces:
                yield piece

    async def prerender(self, request: SpeechRequest) -> None:
        """Render a prompt into the cache, after everything a caller waits for and one at a time.

        Returns when the audio is on disk.

        Raises:
            SynthesisError: the text cannot be spoken.
        """
        async with self._prerendering:
            async with aclosing(self._listen(request, PRERENDER)) as pieces:
                async for _ in pieces:
                    pass
            await asyncio.gather(*self._storing)

    async def _listen(self, request: SpeechRequest, urgency: int) -> AsyncGenerator[bytes, None]:
        if self._shelf.found(request.voice) is None:
            await asyncio.to_thread(self._shelf.find, request.voice)
        plan = self._plans(request)
        if plan is None:
            return
        pcm = self._cache.get_kept(plan.key, plan.rate_hz)
        if pcm is None and plan.key not in self._renderings:
            pcm = await asyncio.to_thread(self._cache.get, plan.key, plan.rate_hz)
        if pcm is not None:
            yield pcm
            return
        async with aclosing(self._rendering(plan, urgency).listen(urgency)) as pieces:
            async for piece in pieces:
                yield piece

    def _rendering(self, plan: _Plan, urgency: int) -> Rendering:
        """Join the rendering of the same text, or begin one."""
        if self._closed:
            raise SynthesisError("the synthesiser is closed")
        rendering = self._renderings.get(plan.key)
        if rendering is None:
            rendering = Rendering(
                clauses(plan.text),
                functools.partial(self._render, plan),
                self._pool,
                self._traffic,
                urgency,
                functools.partial(self._finish, plan),
            )
            self._renderings[plan.key] = rendering
        return rendering

    def _render(self, plan: _Plan, clause: str) -> bytes:
        engine = self._shelf.engine(plan.files)
        samples = engine.synthesise_clause(clause.strip())
        return telephone_audio(samples, engine.rate_hz, plan.rate_hz, gap_ms(clause))

    def _finish(self, plan: _Plan, pcm: bytes | None) -> None:
        if not pcm:
            del self._renderings[plan.key]
            return
        # The rendering answers for the text until the cache does.
        task = asyncio.get_running_loop().create_task(self._store(plan, pcm), name="store-prompt")
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store(self, plan: _Plan, pcm: bytes) -> None:
        try:
            await asyncio.to_thread(self._cache.put, plan.key, plan.rate_hz, pcm)
        finally:
            del self._renderings[plan.key]

    def _make_plan(self, request: SpeechRequest) -> _Plan | None:
        if request.rate_hz not in RATES_HZ:
            raise SynthesisError(
                f"speech comes at {RATES_HZ[0]} or {RATES_HZ[1]} samples a second, not {request.rate_hz}"
            )
        files = self._shelf.find(request.voice)
        text = normalise(request.text, files.language)
        if not text:
            if files.language != "zh" and has_cjk(request.text):
                raise SynthesisError(f"the voice {files.id} cannot read Mandarin")
            return None
        key = content_key(files.engine, files.version, files.name, request.rate_hz, text)
        return _Plan(files, text, key, request.rate_hz)


def open_shelf(
    settings: Settings, model_path: Callable[[str], Path], defaults: Mapping[str, str], model_ids: Iterable[str] = ()
) -> VoiceShelf:
    """Return the voices of a set of models; nothing is loaded yet.

    Args:
        settings: threads and the data directory.
        model_path: model id to the directory of a model that is there; raises ModelError otherwise.
        defaults: default voice of each language, as "<model id>" or "<model id>/<voice>".
        model_ids: models that can be asked for by id; those of the default voices are added.
    """
    threads = settings.speech.synthesiser.threads
    return VoiceShelf(model_path, defaults, model_ids, threads, settings.paths.data / "synthesis")


def gap_ms(clause: str) -> int:
    """Return how much silence belongs behind a clause."""
    last = clause.rstrip(_CLOSERS)[-1:]
    if last and last in _SENTENCE_ENDS:
        return _SENTENCE_GAP_MS
    return _COMMA_GAP_MS if last and last in "，、,：:—–" else _OTHER_GAP_MS
