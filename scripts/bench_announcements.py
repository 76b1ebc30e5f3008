#!/usr/bin/env python3
"""Measure what is told of dialled calls: tones, announcements, people and machines; right, wrong and how soon.

    python scripts/bench_announcements.py --set heldout

Tones are made to the national cadences. Announcements are those of tests/data/announcements, spoken by our own voices;
people and mailboxes also come from the recorded clips (VOICEBOT_SPEECH_DIR). Everything goes through the telephone band
and G.711, with line noise or with the noise of a room at the level that the table names. Audio passes as fast as it can
be judged; a transcript counts as there after the time that the model took for it. The wordings of the two sets differ,
and so do the Mandarin voices: what is changed in the tables is to be tried with ``tuning`` only.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import hashlib
import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from telephony.announcements.answerers import answerer_of
from telephony.announcements.cadences import CADENCES
from telephony.announcements.classifier import Classifier
from telephony.announcements.events import Beep, Event, TranscriptWanted, Verdict
from telephony.announcements.looks import FRAME_BYTES, FRAME_MS, RATE_HZ
from telephony.announcements.outcome import DEFAULTS, Category
from voicebot.conversation.answeredby import DECISIONS, Then
from voicebot.evaluation.telephone import from_pcm, over_the_line, resampled, to_pcm, with_noise
from voicebot.modelstore.store import ModelStore
from voicebot.settings import load_settings
from voicebot.speech.clips import Clip, load_clips
from voicebot.speech.recognition.model import WhisperModel
from voicebot.speech.synthesis.service import SynthesisService, open_shelf
from voicebot.speech.types import SpeechRequest, TranscriptionRequest

TEXTS = Path(__file__).parents[1] / "tests" / "data" / "announcements"
VOICES = {
    "tuning": ("zf_xiaobei", "zf_xiaoxiao", "zm_yunjian", "zm_yunxi"),
    "heldout": ("zf_xiaoni", "zf_xiaoyi", "zm_yunxia", "zm_yunyang"),
}
ROOM_SNR_DB = (None, 20.0, 15.0)
LINE_NOISE_DBFS = -60.0
TONE_NOISES_DBFS = (-60.0, -40.0, -32.0)
PEOPLE = (Category.HUMAN, Category.UNDECIDED)

Audio = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A call to judge.

    Attributes:
        group: its line in the table.
        name: where it comes from.
        category: what it is.
        answered: judged after the answer, else before it.
        language: of the line.
        pcm: the audio, s16le at 8 kHz.
        beeps: a beep is in it.
    """

    group: str
    name: str
    category: Category
    answered: bool
    language: str
    pcm: bytes
    beeps: bool = False


@dataclass(slots=True)
class Result:
    """What was told of a case."""

    case: Case
    first: Verdict | None = None
    last: Verdict | None = None
    settled_ms: int = 0
    beep: bool = False
    hung_up: bool = False
    transcripts: int = 0

    @property
    def right(self) -> bool:
        """The last verdict says what it is; whoever is undecided counts as a person."""
        if self.last is None:
            return False
        if self.case.category is Category.HUMAN:
            return self.last.category in PEOPLE
        return self.last.category is self.case.category

    @property
    def right_outcome(self) -> bool:
        """The outcome is that of the right category."""
        last = self.last.category if self.last is not None else Category.UNDECIDED
        return DEFAULTS[last].outcome is DEFAULTS[self.case.category].outcome


# --- the cases


def silence(duration_ms: float) -> Audio:
    """Return silence at 8 kHz."""
    return np.zeros(round(duration_ms * RATE_HZ / 1000))


def tone(frequencies_hz: Sequence[float], duration_ms: float, level_dbfs: float = -18.0) -> Audio:
    """Return a tone at 8 kHz, or several at once."""
    time_s = np.arange(round(duration_ms * RATE_HZ / 1000)) / RATE_HZ
    amplitude = np.sqrt(2 * 10 ** (level_dbfs / 10) / len(frequencies_hz))
    return np.asarray(sum(amplitude * np.sin(2 * np.pi * hz * time_s) for hz in frequencies_hz))


def carried(audio: Audio, seed: int, noise: Audio | None = None, snr_db: float | None = None) -> bytes:
    """Return audio as a telephone brings it."""
    chance = np.random.default_rng(seed)
    if noise is not None and snr_db is not None:
        audio = with_noise(audio, noise, snr_db, int(chance.integers(len(noise))))
    return to_pcm(over_the_line(audio + chance.normal(0, 10 ** (LINE_NOISE_DBFS / 20), len(audio))))


def tone_cases() -> Iterator[Case]:
    """Every national tone, at three levels of line noise."""
    for number, cadence in enumerate(CADENCES):
        for noise_dbfs in TONE_NOISES_DBFS:
            pattern = cadence.pattern_ms if len(cadence.pattern_ms) > 1 else (12_000,)
            pieces = [silence(300 + 70 * number)]
            while sum(map(len, pieces)) < 12 * RATE_HZ:
                for place, duration_ms in enumerate(pattern):
                    pieces.append(silence(duration_ms) if place % 2 else tone(cadence.frequencies_hz, duration_ms))
            audio = np.concatenate(pieces)
            audio = audio + np.random.default_rng(number).normal(0, 10 ** (noise_dbfs / 20), len(audio))
            yield Case("tones", cadence.name, cadence.category, False, "zh", to_pcm(over_the_line(audio)))


def clip_audio(clip: Clip) -> Audio:
    """Return a recording at 8 kHz."""
    samples, rate_hz = clip.samples()
    return resampled(samples / 32768, rate_hz, RATE_HZ)


def person_cases(rooms: Sequence[Audio]) -> Iterator[Case]:
    """Recorded people: single words and whole sentences, as what somebody says who answers."""
    kinds = ("word", "sentence", "digit", "short", "spontaneous", "command")
    clips = [clip for clip in load_clips() if clip.language in ("zh", "en") and clip.kind in kinds]
    for number, clip in enumerate(clips):
        snr_db = ROOM_SNR_DB[number % 3]
        wait_ms = 150 + 150 * (number % 8)
        audio = np.concatenate((silence(wait_ms), clip_audio(clip), silence(3000)))
        pcm = carried(audio, number, rooms[number % len(rooms)], snr_db)
        long = "sentences" if clip.kind in ("sentence", "spontaneous") else "short answers"
        yield Case(f"people, recorded {long}", clip.path.name, Category.HUMAN, True, clip.language, pcm)


def mailbox_cases() -> Iterator[Case]:
    """Recorded mailboxes and switchboards, put together as they are heard."""
    clips = {clip.path.stem: clip_audio(clip) for clip in load_clips() if clip.path.parent.name in ("amd", "en")}
    beep = clips["asterisk_beep"]
    heard: list[tuple[Category, list[str], bool]] = [
        (Category.VOICEMAIL, ["vm-theperson", "digits_7", "digits_3", "vm-isonphone", "vm-leavemsg"], True),
        (Category.VOICEMAIL, ["vm-nobodyavail", "vm-leavemsg"], True),
        (Category.VOICEMAIL, ["vm-nobodyavail"], True),
        (Category.VOICEMAIL, ["vm-rec-unv"], True),
        (Category.VOICEMAIL, ["vm-rec-temp"], True),
        (Category.NO_SUCH_NUMBER, ["ss-noservice"], False),
        (Category.QUEUE, ["tt-allbusy"], False),
        (Category.QUEUE, ["queue-youarenext"], False),
        (Category.QUEUE, ["pbx-invalid"], False),
    ]
    for number, (category, names, beeps) in enumerate(heard):
        pieces = [silence(400)]
        for name in names:
            pieces += [clips[f"asterisk_{name}"], silence(120)]
        pieces += [silence(250), beep] if beeps else []
        pcm = carried(np.concatenate((*pieces, silence(2500))), number)
        yield Case("mailboxes, recorded", "+".join(names), category, True, "en", pcm, beeps)


def quiet_cases(rooms: Sequence[Audio], music: Sequence[Audio]) -> Iterator[Case]:
    """Nothing after the answer, and music before it."""
    for number, room in enumerate(rooms):
        audio = np.resize(room, 5 * RATE_HZ) * 10 ** (-50 / 20) / max(1e-6, float(np.sqrt(np.mean(room**2))))
        yield Case("silence", f"room {number}", Category.SILENCE, True, "zh", carried(audio, number))
    for number, piece in enumerate(music):
        pcm = carried(np.concatenate((silence(400), piece[: 12 * RATE_HZ])), number)
        yield Case("colour ring, music", f"music {number}", Category.COLOUR_RING, False, "zh", pcm)


def spoken_cases(which: str, rooms: Sequence[Audio], spoken: dict[tuple[str, str], Audio]) -> Iterator[Case]:
    """What our own voices speak."""
    for number, ((text, voice), audio) in enumerate(spoken.items()):
        row = next(row for row in rows(which) if row["text"] == text)
        category = Category(row["category"])
        answered = row["when"] == "answered"
        beeps = answered and category is Category.VOICEMAIL
        before = [silence(250 + 150 * (number % 6))]
        if not answered and number % 3 == 0:
            before += [tone([450], 1000), silence(4000), tone([450], 1000), silence(1500)]
        after = [silence(350), tone([1000], 400)] if beeps else []
        snr_db = ROOM_SNR_DB[number % 3] if answered else None
        # Networks say their announcements more than once.
        again = [] if answered else [silence(1500), audio]
        whole = np.concatenate((*before, audio, *again, *after, silence(3000)))
        pcm = carried(whole, number, rooms[number % len(rooms)], snr_db)
        kind = "people" if category is Category.HUMAN else "machines"
        group = f"{kind}, spoken by our voices" if answered else "announcements before the answer"
        yield Case(f"{group} ({row['lang']})", f"{voice}: {text}", category, answered, row["lang"], pcm, beeps)


def rows(which: str) -> list[dict[str, str]]:
    """Return the wordings of a set."""
    lines = (TEXTS / f"{which}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


async def speak(which: str, cache: Path) -> dict[tuple[str, str], Audio]:
    """Return every wording by the voices of its set; Mandarin by two of them."""
    settings = load_settings()
    store = ModelStore(settings)
    english, mandarin = store.voice("en"), [f"kokoro-zh/{name}" for name in VOICES[which]]
    wanted: list[tuple[str, str]] = []
    for number, row in enumerate(rows(which)):
        two = (mandarin[number % 4], mandarin[(number + 2) % 4]) if row["lang"] == "zh" else (english,)
        wanted += [(row["text"], voice) for voice in two]
    files = {key: cache / f"{hashlib.sha256('|'.join(key[::-1]).encode()).hexdigest()[:24]}.pcm" for key in wanted}
    if not all(file.exists() for file in files.values()):
        shelf = open_shelf(settings, store.path, {"en": english, "zh": mandarin[0]}, ["kokoro-zh", english])
        own = settings.model_copy(update={"paths": settings.paths.model_copy(update={"data": cache})})
        mouth = SynthesisService(own, shelf)
        try:
            for (text, voice), file in files.items():
                if not file.exists():
                    pieces = [piece async for piece in mouth.synthesise(SpeechRequest(text, voice, RATE_HZ))]
                    file.write_bytes(b"".join(pieces))
        finally:
            await mouth.close()
    return {key: from_pcm(file.read_bytes()) for key, file in files.items()}


# --- judging


def judge(case: Case, model: WhisperModel) -> Result:
    """Pass the audio of a case through a classifier."""
    other = "en" if case.language == "zh" else "zh"
    classifier = Classifier((case.language, other))
    if case.answered:
        classifier.answered()
    result = Result(case)
    coming: list[tuple[int, int, str]] = []
    frames = [case.pcm[at : at + FRAME_BYTES] for at in range(0, len(case.pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    for number, frame in enumerate(frames):
        now_ms = number * FRAME_MS
        events = classifier.feed(frame)
        while coming and coming[0][0] <= now_ms:
            _, request_id, text = coming.pop(0)
            events += classifier.transcribed(request_id, text)
        for event in events:
            note(result, event, now_ms, model, coming)
    return result


def note(result: Result, event: Event, now_ms: int, model: WhisperModel, coming: list[tuple[int, int, str]]) -> None:
    """Write down what was told, and do what was asked for."""
    match event:
        case TranscriptWanted(request_id=request_id, pcm=pcm, language=language, context=context):
            transcript = model.transcribe(TranscriptionRequest(pcm, RATE_HZ, language, context=context))
            coming.append((now_ms + int(transcript.inference_ms), request_id, transcript.text))
            result.transcripts += 1
        case Beep():
            result.beep = True
        case Verdict():
            result.first = result.first or event
            if result.last is None or result.last.category is not event.category:
                result.settled_ms = event.at_ms
            result.last = event
            if result.case.answered:
                result.hung_up |= DECISIONS[answerer_of(event.category)] is Then.HANG_UP


# --- the report


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def report(results: Sequence[Result]) -> None:
    """Print the table, the confusion and the figures of the answered calls."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.case.group].append(result)
    print(f"{'':44} {'calls':>5} {'right':>7} {'outcome':>8} {'transcripts':>12}")
    for name, of_group in [*sorted(groups.items()), ("all", list(results))]:
        right = sum(result.right for result in of_group) / len(of_group)
        outcome = sum(result.right_outcome for result in of_group) / len(of_group)
        asked = statistics.mean(result.transcripts for result in of_group)
        print(f"{name:44} {len(of_group):5} {right:7.1%} {outcome:8.1%} {asked:12.1f}")
    wrong = Counter(
        (result.case.category.value, result.last.category.value if result.last else "nothing")
        for result in results
        if not result.right
    )
    print("\nwrong: " + ("; ".join(f"{count} {was} as {told}" for (was, told), count in wrong.most_common()) or "none"))
    answered = [result for result in results if result.case.answered]
    people = [result for result in answered if result.case.category is Category.HUMAN]
    machines = [result for result in answered if result.case.category not in (Category.HUMAN, Category.SILENCE)]
    taken = sum(result.hung_up for result in people)
    print(f"people hung up on: {taken} of {len(people)} ({taken / max(1, len(people)):.2%})")
    for name, of_kind in (("all answered", answered), ("people", people), ("machines", machines)):
        first = [result.first.at_ms for result in of_kind if result.first]
        settled = [result.settled_ms for result in of_kind if result.last]
        print(
            f"{name}: first verdict p50 {percentile(first, 0.5):.0f} ms, p95 {percentile(first, 0.95):.0f} ms; "
            f"last change p50 {percentile(settled, 0.5):.0f} ms, p95 {percentile(settled, 0.95):.0f} ms"
        )
    in_time = sum(bool(result.first and _agrees(result)) for result in answered)
    print(f"first verdict tells person from machine: {in_time / max(1, len(answered)):.1%} of {len(answered)}")
    beeps = [result for result in answered if result.case.beeps]
    print(f"beeps found: {sum(result.beep for result in beeps)} of {len(beeps)}")
    print(f"beeps found where none is: {sum(result.beep for result in answered if not result.case.beeps)}")


def _agrees(result: Result) -> bool:
    people = (*PEOPLE, Category.SILENCE)
    first = result.first.category if result.first else Category.UNDECIDED
    return (first in people) == (result.case.category in people)


def main() -> None:
    """Judge all cases of a set and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=sorted(VOICES), default="heldout", help="which wordings and voices")
    parser.add_argument("--cache", type=Path, default=Path("var/bench/announcements"), help="keeps what was spoken")
    parser.add_argument("--only", default="", help="groups whose name contains one of these, by comma")
    parser.add_argument("--every", type=int, default=1, help="judge every n-th recorded person only")
    parser.add_argument("--wrong", action="store_true", help="name what was judged wrong")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    settings = load_settings()
    model = WhisperModel(ModelStore(settings).path(settings.speech.recogniser.model), settings.speech.recogniser)
    model.warm_up()
    clips = load_clips()
    rooms = [clip_audio(clip) for clip in clips if clip.kind in ("noise", "office", "cafe")]
    music = [clip_audio(clip) for clip in clips if clip.kind == "music on hold"]
    cases = [
        *tone_cases(),
        *quiet_cases(rooms, music),
        *mailbox_cases(),
        *list(person_cases(rooms))[:: options.every],
        *spoken_cases(options.set, rooms, asyncio.run(speak(options.set, options.cache))),
    ]
    results = []
    for case in cases:
        if any(part in case.group for part in options.only.split(",")):
            results.append(judge(case, model))
            if options.wrong and not results[-1].right:
                last = results[-1].last
                told = dataclasses.asdict(last) if last else "nothing"
                print(f"{case.group}: {case.name}: {case.category.value} as {told}", flush=True)
    report(results)


if __name__ == "__main__":
    main()
