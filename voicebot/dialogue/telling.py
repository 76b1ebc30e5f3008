"""From an answer to chunks, and what the session remembers of it."""

from __future__ import annotations

from voicebot.dialogue.bot import Interruptible
from voicebot.dialogue.flow import Answer, Sentence
from voicebot.dialogue.session import Session
from voicebot.dialogue.understood import understanding_of
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.instruction import Hangup, ToCustomerService, run_order
from voicebot.protocol.reply import Reply, ReplySource


class Telling:
    """One answer being told: a chunk for each sentence, then the done chunk with the instructions.

    A chunk is made when it is handed out, and what it says counts as said from then on.

    Attributes:
        begun: something was handed out.
    """

    def __init__(
        self, session: Session, query_id: str, joint: str, *, by_words: bool = False, explained: bool = False
    ) -> None:
        """Begin an answer.

        Args:
            session: remembers what was handed out.
            query_id: id of the answer.
            joint: what stands between two sentences. Clients put the texts of all chunks together, as in the page's
                example, so an English sentence brings its blank along.
            explained: the client wants to know what its query was taken for.
            by_words: the client ends the caller's turns by their words, and wants to know what is expected.
        """
        self.begun = False
        self._session = session
        self._query_id = query_id
        self._joint = joint
        self._by_words = by_words
        self._explained = explained
        self._next_id = 0
        self._said: tuple[tuple[str, ReplySource], ...] = ()
        self._last = Sentence("", ReplySource.TEXT_REPLY, Interruptible.SEMANTIC)

    def sentence(self, sentence: Sentence, answer: Answer) -> Chunk:
        """Return the chunk of the next sentence."""
        self._last = sentence
        if not answer.repeats:
            self._said += ((sentence.text, sentence.source),)
            self._session.last_words = self._said
        self._session.history.said(sentence.text + self._joint)
        return self._chunk(sentence.text + self._joint, answer)

    def wordless(self, answer: Answer) -> Chunk:
        """Return a chunk that says nothing: what stands beside the words is known before they are."""
        return self._chunk("", answer)

    def end(self, answer: Answer) -> Chunk:
        """Return the done chunk.

        Its reply is empty, as in the page's example: clients differ in whether they speak what stands in the last
        packet.
        """
        if any(isinstance(instruction, ToCustomerService) for instruction in answer.instructions):
            self._session.transferring = True
        self._session.over = any(isinstance(instruction, Hangup) for instruction in answer.instructions)
        return self._chunk("", answer, done=True)

    def _chunk(self, text: str, answer: Answer, done: bool = False) -> Chunk:
        first, last, by_words = not self.begun, self._last, self._by_words
        patience_ms = answer.longest_pause_ms if by_words else answer.end_of_speech_ms
        self.begun = True
        self._next_id += 1
        return Chunk(
            self._session.id,
            self._query_id,
            self._next_id - 1,
            done,
            Reply(
                text,
                last.source,
                allow_interrupt=last.interruptible is not Interruptible.NO,
                allow_semantic_interruption=last.interruptible is Interruptible.SEMANTIC,
            ),
            run_order(answer.instructions) if done else (),
            identify_duration_ms=patience_ms if first else None,
            node_silent_duration_s=answer.silence_s if first else None,
            expects=answer.expects if first and (by_words or answer.expects.keys) else None,
            understood=understanding_of(self._session) if done and self._explained else None,
        )
