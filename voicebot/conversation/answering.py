"""What becomes of an answer: chunks turn into clips, clips into what was heard, instructions into notes."""

from __future__ import annotations

from voicebot.conversation.actions import Action, RecordHeard, StoreInstruction
from voicebot.conversation.events import ClipFinished, ClipStopped
from voicebot.conversation.speaking import Clip, Turn
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Blacklist, Instruction, ShortMessage, run_order
from voicebot.protocol.reply import Reply


class Answering:
    """Makes clips of what is to be said.

    Args:
        play_audio: a reply with an audio file is one clip with that audio; else its text is spoken like any other.
    """

    def __init__(self, *, play_audio: bool) -> None:
        self._play_audio = play_audio
        self._clip_id = 0

    def take(self, turn: Turn, chunk: Chunk) -> list[Action]:
        """Say what a chunk says and keep its instructions for later; the last chunk completes the turn."""
        actions = self._reply(turn, chunk.reply) if chunk.reply is not None else []
        turn.instructions = run_order([*turn.instructions, *chunk.instructions])
        if chunk.done:
            actions += self._flush(turn)
            turn.complete = True
        return actions

    def say(self, turn: Turn, text: str, *, interruptible: bool, audio_url: str = "") -> list[Action]:
        """Append a clip to a turn."""
        self._clip_id += 1
        return turn.add(Clip(self._clip_id, text, interruptible, turn.semantic, audio_url))

    def _reply(self, turn: Turn, reply: Reply) -> list[Action]:
        if self._play_audio and reply.audio_url:
            return self._file(turn, reply, reply.audio_url)
        turn.allow_interrupt, turn.semantic = reply.allow_interrupt, reply.allow_semantic_interruption
        if reply.text:
            turn.last_file = None
        return self._sentences(turn, turn.assembler.feed(reply.text))

    def _file(self, turn: Turn, reply: Reply, audio_url: str) -> list[Action]:
        last = turn.last_file
        if last is not None and last.audio_url == audio_url:
            # An engine that sends word by word names the file of the whole answer with each of them.
            last.text = f"{last.text}{reply.text}"
            return []
        actions = self._flush(turn)
        turn.allow_interrupt, turn.semantic = reply.allow_interrupt, reply.allow_semantic_interruption
        text, interruptible = reply.text.strip(), reply.allow_interrupt
        actions += self.say(turn, text, interruptible=interruptible, audio_url=audio_url)
        turn.last_file = turn.clips[-1]
        return actions

    def _flush(self, turn: Turn) -> list[Action]:
        return self._sentences(turn, turn.assembler.flush())

    def _sentences(self, turn: Turn, sentences: list[str]) -> list[Action]:
        actions: list[Action] = []
        for sentence in sentences:
            actions += self.say(turn, sentence, interruptible=turn.allow_interrupt)
        return actions


def heard(turn: Turn, clip: Clip, event: ClipFinished | ClipStopped) -> list[Action]:
    """Account for what the caller heard of a clip."""
    complete = isinstance(event, ClipFinished)
    text = clip.text if isinstance(event, ClipFinished) else clip.heard_words(event.heard_ms, event.total_ms)
    if not text:
        return []
    turn.heard.append(text)
    return [RecordHeard(turn.turn_id, text, complete=complete)]


def notes(instructions: tuple[Instruction, ...], session_id: str) -> list[Action]:
    """Return how the text messages and blacklist entries among instructions are kept."""
    kept = (item for item in instructions if isinstance(item, ShortMessage | Blacklist))
    return [StoreInstruction(item, session_id) for item in kept]
