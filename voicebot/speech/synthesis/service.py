"""The synthesiser of the speech worker: cache, single flight, clause by clause, callers before prompts."""

from __future__ import annotations

import asyncio
import functools
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from voicebot.errors import ModelError, SynthesisError
from voicebot.modelstore.store import ModelStore
from voicebot.settings import Settings
from voicebot.settings.section import Language
from voicebot.speech.pool import UrgencyPool
from voicebot.speech.synthesis.cache import CacheStats, PromptCache, content_key
from voicebot.speech.synthesis.clauses import clauses
from voicebot.speech.synthesis.engine import Phone
from voicebot.speech.synthesis.normalise import normalise
from voicebot.speech.synthesis.rendering import LIVE, PRERENDER, LiveTraffic, Rendering
from voicebot.speech.synthesis.resample import ClauseAudio
from voicebot.speech.synthesis.speakable import has_cjk
from voicebot.speech.synthesis.stopping import not_to_be_stopped
from voicebot.speech.synthesis.voices import VoiceFiles, VoiceShelf
from voicebot.speech.synthesis.wordends import joined, pack, unpack, word_ends
from voicebot.speech.types import BYTES_PER_SAMPLE, UNKNOWN_WORDS, SpeechRequest, Voice, WordEnds

RATES_HZ = (8000, 16000)
_LANGUAGES: tuple[Language, ...] = ("zh", "en")

# Silence behind a clause by the punctuation it ends with, about what a person leaves.
_SENTENCE_GAP_MS = 240
_COMMA_GAP_MS = 120
_OTHER_GAP_MS = 60
_SENTENCE_ENDS = "。！？!?.…；;"
_CLOSERS = "”’」』】）》\"')] "
_PLANS_KEPT = 4096
# Prompts are rendered when nobody waits; their threads must not slow the recognition of what is said meanwhile.
_PROMPT_NICENESS = 10


# In place of words that are not known yet; of different lengths, for these decide where clauses are joined.
_GUESSES = {
    "zh": ("一", "后天下午", "二零二六年十一月二十一日下午三点半", "北京市海淀区中关村大街人民医院门诊部"),
    "en": ("ten", "Friday", "the twenty-first of November at half past three", "Main Street, next to the bus station"),
}


@dataclass(frozen=True, slots=True)
class _PlannedClause:
    """A clause as read, with its punctuation, and its name in the cache."""

    text: str
    key: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a request comes to: the voice, the clauses, and the name of the whole in the cache."""

    files: VoiceFiles
    clauses: tuple[_PlannedClause, ...]
    key: str
    rate_hz: int


class SynthesisService:
    """Implements ``voicebot.speech.types.Synthesiser``. To be used from one event loop.

    Args:
        settings: threads, cache size and where the cache lies.
        shelf: the voices; several services may share one.
        parallel: clauses rendered at a time for callers; None for what the cores allow, two at least.

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
        self._slots = slots = parallel or max(2, (os.cpu_count() or 1) // wanted.threads)
        self._pools: dict[int, UrgencyPool[bytes | None]] = {
            LIVE: UrgencyPool(slots, "synthesis"),
            PRERENDER: UrgencyPool(1, "prompts", niceness=_PROMPT_NICENESS),
        }
        self._traffic = LiveTraffic()
        self._renderings: dict[str, Rendering] = {}
        self._prerendering = asyncio.Lock()
        self._storing: set[asyncio.Task[None]] = set()
        self._plans = functools.lru_cache(maxsize=_PLANS_KEPT)(self._make_plan)
        self._ends: dict[str, WordEnds] = {}
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
        for pool in self._pools.values():
            await pool.close()

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
        if plan is None:
            return None
        path = self._cache.path(plan.key)
        if not path.is_file() and len(plan.clauses) > 1:
            pieces = [self._cache.get(clause.key, plan.rate_hz) for clause in plan.clauses]
            if None not in pieces:
                self._cache.put(plan.key, plan.rate_hz, b"".join(filter(None, pieces)))
        return path if path.is_file() else None

    async def synthesise(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """Yield PCM piece by piece; clauses that were rendered before come at once and whole.

        A text with nothing to speak in it yields nothing, and so does a speculative one while callers wait for others.

        Raises:
            SynthesisError: the text cannot be spoken.
        """
        async with aclosing(self._listen(request, LIVE)) as pieces:
            async for piece in pieces:
                yield piece

    async def word_ends(self, request: SpeechRequest) -> WordEnds:
        """Return when each word of a text that was rendered is over in its audio.

        Returns:
            The index behind each word and the moment in ms. Nothing if the audio is not kept, the voice does not tell
            how long its phonemes are, or what was spoken cannot be told from the text.

        Raises:
            SynthesisError: as ``cache_key``.
        """
        plan = self._plans(request)
        if plan is None:
            return ()
        ends = self._ends.get(plan.key)
        if ends is None:
            ends = await asyncio.to_thread(self._word_ends, plan, request.text)
            if ends:
                self._keep_ends(plan.key, ends)
        return ends

    def _keep_ends(self, key: str, ends: WordEnds) -> None:
        """Remember when words are over: a prompt is spoken in call after call."""
        self._ends[key] = ends
        if len(self._ends) > _PLANS_KEPT:
            del self._ends[next(iter(self._ends))]

    def _word_ends(self, plan: _Plan, text: str) -> WordEnds:
        spoken = [self._cache.get_spoken(clause.key, plan.rate_hz) for clause in plan.clauses]
        if not all(kept is not None and kept[1] for kept in spoken):
            return ()
        timed = (
            (unpack(phones), _length_ms(pcm, plan.rate_hz), gap_ms(clause.text))
            for clause, (pcm, phones) in zip(plan.clauses, filter(None, spoken), strict=True)
        )
        engine = self._shelf.engine(plan.files)
        return word_ends(
            text, joined(timed), lambda word: engine.phonemes(normalise(word, plan.files.language)), engine.words
        )

    async def prerender(self, request: SpeechRequest) -> None:
        """Render a prompt into the cache, after everything a caller waits for and one at a time.

        UNKNOWN_WORDS in its text stand for words not known yet; the clauses that do not depend on them are rendered.
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
        template = urgency == PRERENDER and UNKNOWN_WORDS in request.text
        plan = self._plan_template(request) if template else self._plans(request)
        if plan is None:
            return
        kept = self._cache.get_kept([clause.key for clause in plan.clauses], plan.rate_hz)
        if kept is not None:
            for pcm in kept:
                yield pcm
            return
        if request.speculative and self._is_busy:
            return
        rendering = self._rendering(plan, urgency)
        try:
            async with aclosing(rendering.listen(urgency)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            if rendering.ended and self._renderings.get(plan.key) is rendering:
                del self._renderings[plan.key]

    @property
    def _is_busy(self) -> bool:
        """No thread is left over for what may never be said: one stays free for the next caller who waits."""
        stats = self._pools[LIVE].stats
        return stats.waiting > 0 or stats.running >= max(1, self._slots - 1)

    def _rendering(self, plan: _Plan, urgency: int) -> Rendering:
        """Join the rendering of the same text, or begin one."""
        if self._closed:
            raise SynthesisError("the synthesiser is closed")
        rendering = self._renderings.get(plan.key)
        if rendering is None or rendering.ended:
            clauses = [_Work(plan, clause, self._shelf, self._cache, self._store) for clause in plan.clauses]
            rendering = self._renderings[plan.key] = Rendering(clauses, self._pools, self._traffic, urgency)
        return rendering

    def _store(self, key: str, rate_hz: int, pcm: bytes, phones: bytes) -> None:
        """Put audio on disk, in a thread."""
        work = asyncio.to_thread(self._cache.put, key, rate_hz, pcm, phones)
        task = asyncio.get_running_loop().create_task(work, name="store-prompt")
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

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
        key = functools.partial(content_key, files.engine, files.version, files.name, request.rate_hz)
        cut = tuple(_PlannedClause(clause.strip(), key(clause.strip())) for clause in clauses(text))
        return _Plan(files, cut, key(text), request.rate_hz)

    def _plan_template(self, request: SpeechRequest) -> _Plan | None:
        """Plan the clauses that do not depend on the unknown words: those that two guesses have in common."""
        guesses = _GUESSES[self._shelf.find(request.voice).language]
        texts = [request.text.replace(UNKNOWN_WORDS, guess) for guess in guesses]
        plans = [plan for text in texts if (plan := self._make_plan(replace(request, text=text))) is not None]
        counted = Counter(clause for plan in plans for clause in dict.fromkeys(plan.clauses))
        fixed = tuple(clause for clause, count in counted.items() if count > 1)
        if not fixed:
            return None
        return replace(plans[0], clauses=fixed, key=content_key("", "", "", request.rate_hz, request.text))


class _Work:
    """A clause as a rendering does it."""

    def __init__(
        self,
        plan: _Plan,
        clause: _PlannedClause,
        shelf: VoiceShelf,
        cache: PromptCache,
        store: Callable[[str, int, bytes, bytes], None],
    ) -> None:
        self._phones = b""
        self._plan = plan
        self._clause = clause
        self._shelf = shelf
        self._cache = cache
        self._store = store

    async def kept(self) -> bytes | None:
        """Return its PCM if it was rendered before."""
        key, rate_hz = self._clause.key, self._plan.rate_hz
        kept = self._cache.get_kept([key], rate_hz)
        return kept[0] if kept is not None else await asyncio.to_thread(self._cache.get, key, rate_hz)

    def render(self) -> Iterator[bytes]:
        """Render it to pieces of PCM; blocks."""
        with not_to_be_stopped():
            engine = self._shelf.engine(self._plan.files)
        text = self._clause.text
        audio = ClauseAudio(engine.rate_hz, self._plan.rate_hz, gap_ms(text), engine.loudness)
        phones: list[Phone] = []
        for samples in engine.synthesise_clause(text, phones):
            yield audio.feed(samples)
        timed = ((phone.sign, phone.end_sample - audio.trimmed_samples) for phone in phones)
        self._phones = pack(tuple((sign, max(0, end) * 1000 // engine.rate_hz) for sign, end in timed))
        yield audio.finish()

    def keep(self, pcm: bytes) -> None:
        """Have it in memory now and on disk soon."""
        if pcm:
            self._cache.keep(self._clause.key, self._plan.rate_hz, pcm, self._phones)
            self._store(self._clause.key, self._plan.rate_hz, pcm, self._phones)


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


def _length_ms(pcm: bytes, rate_hz: int) -> int:
    return len(pcm) * 1000 // (rate_hz * BYTES_PER_SAMPLE)


def gap_ms(clause: str) -> int:
    """Return how much silence belongs behind a clause."""
    last = clause.rstrip(_CLOSERS)[-1:]
    if last and last in _SENTENCE_ENDS:
        return _SENTENCE_GAP_MS
    return _COMMA_GAP_MS if last and last in "，、,：:—–" else _OTHER_GAP_MS
