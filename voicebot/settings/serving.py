"""Settings of the HTTP side: the server, how answers are given, and their audio files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from voicebot.settings.section import Language, Port, Section, complete_languages

AudioFieldName = Literal["both", "audioURL", "audioUrl"]
FramingName = Literal["auto", "lines", "events"]
ChunkSize = Literal["sentence", "token"]


class HttpSettings(Section):
    """The HTTP server."""

    host: str = "127.0.0.1"
    port: Port = 8080
    api_key: str = Field(default="", repr=False)
    """A key for all bots, besides those of ``voicebot keys``; "sha256:<hex>" names it by its hash.
    VOICEBOT_API_KEY sets it too."""
    api_key_rights: list[Literal["supervise", "content"]] = []
    """What that key may besides: see calls that are up and step in, and read what was said last in them."""
    public_url: str = ""
    """How others reach this server ("https://bot.example.com"); empty: http://host:port."""
    max_body_bytes: int = Field(default=262144, ge=1024)


class BotAnswerSettings(Section):
    """What one bot does differently from ``answers``; None takes what stands there."""

    framing: FramingName | None = None
    chunks: ChunkSize | None = None
    audio: bool | None = None
    audio_field: AudioFieldName | None = None
    first_chunk_timeout_ms: int | None = Field(default=None, ge=100)
    total_timeout_ms: int | None = Field(default=None, ge=1000)
    filler_after_ms: int | None = Field(default=None, ge=0, le=10000)
    filler: dict[Language, str] | None = None


class AnswerSettings(Section):
    """How ``/stream/query`` gives its answers."""

    framing: FramingName = "auto"
    """lines: bare JSON lines; events: ``data:`` events; auto: what the Accept header asks for, else lines."""
    chunks: ChunkSize = "sentence"
    """A chunk for each sentence, with its audio; or one for each token, with none."""
    audio: bool = True
    """Give each sentence the address of its audio."""
    audio_field: AudioFieldName = "both"
    """The page's table says audioURL, its example audioUrl."""
    first_chunk_timeout_ms: int = Field(default=5000, ge=100)
    total_timeout_ms: int = Field(default=60000, ge=1000)
    filler_after_ms: int = Field(default=0, ge=0, le=10000)
    """A brain that is slower gets ``filler`` said in its place first; 0: never."""
    filler: dict[Language, str] = {"zh": "好的，请您稍等。", "en": "One moment, please."}
    bots: dict[str, BotAnswerSettings] = {}
    """Name of a bot: what it does differently."""

    _complete = field_validator("filler")(complete_languages)

    def of(self, bot: str) -> AnswerSettings:
        """Return the settings of one bot: its own, the others from here."""
        own = self.bots.get(bot)
        if own is None:
            return self
        changed = {name: value for name in own.model_fields_set if (value := getattr(own, name)) is not None}
        if own.filler is not None:
            changed["filler"] = {**self.filler, **own.filler}
        return self.model_copy(update=changed)


class AudioFileSettings(Section):
    """The audio files behind ``audioURL``."""

    valid_s: int = Field(default=3600, ge=10, le=604800)
    """How long an address can be fetched."""
    cache_mib: int = Field(default=256, ge=1)
    """Disk for whole files, in all their formats."""
