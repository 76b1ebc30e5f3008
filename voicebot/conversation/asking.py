"""The session with the brain as the line sees it: what goes into a query, what its answers set."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.conversation.actions import Action, SetEndOfSpeech
from voicebot.conversation.config import ConversationConfig
from voicebot.conversation.endpointing.endpointer import Endpointer
from voicebot.protocol.chunk import Chunk
from voicebot.protocol.expectation import Expectation
from voicebot.protocol.query import HEARD_VARIABLE, HINT_VARIABLE, Query, SilenceType


class Asking:
    """Makes queries and keeps what answers say about the session.

    Args:
        config: of the conversation.
        endpointer: told what the brain's answers ask for.

    Attributes:
        silence_ms: silence after which the brain wants to be told.
        expectation: what the brain's last answer asked for.
    """

    def __init__(self, config: ConversationConfig, endpointer: Endpointer | None = None) -> None:
        self.silence_ms = config.silence_ms
        self.expectation = Expectation()
        self._endpointer = endpointer
        self._config = config
        self._session_id = ""
        self._node_silence = False
        self._variables: dict[str, str] = dict(config.variables)
        self._last = Query()
        self._answered = False

    @property
    def session_id(self) -> str:
        """The brain's own name for the conversation; "" until it has given one."""
        return self._session_id

    def query(self, text: str, variables: Mapping[str, str], *, silence: bool = False) -> Query:
        """Make the next query. What the brain is to learn besides goes with it once."""
        merged = {**self._variables, **variables}
        self._variables = {}
        node = silence and self._node_silence
        self._answered = False
        self._last = Query(
            query_text=text,
            session_id=self._session_id,
            variables=merged,
            silence=silence,
            silence_type=SilenceType.NODE if node else SilenceType.GLOBAL,
            wants_expectation=self._wants_expectation,
            wants_understanding=self._config.own_brain,
        )
        return self._last

    def rehearsal(self, text: str) -> Query | None:
        """Make the query that these words would be, to be asked on trial; None before there is a session.

        Nothing is used up by it: what the brain is to learn besides stays for the real one.
        """
        if not self._session_id:
            return None
        return Query(
            query_text=text,
            session_id=self._session_id,
            variables=dict(self._variables),
            wants_expectation=self._wants_expectation,
            speculative=True,
        )

    @property
    def _wants_expectation(self) -> bool:
        return self._config.own_brain and self._config.endpointing is not None

    def anew(self) -> Query:
        """Make the last query once more as the first one of a new session: the brain has lost the old one."""
        self._session_id = ""
        self._node_silence = False
        self._last = Query(
            self._last.query_text,
            variables={**self._config.variables, **self._last.variables},
            wants_expectation=self._wants_expectation,
            wants_understanding=self._config.own_brain,
        )
        return self._last

    def learn(self, chunk: Chunk) -> list[Action]:
        """Take from a chunk what it says about the session; the first one of an answer sets durations."""
        self._session_id = chunk.session_id or self._session_id
        if self._answered:
            return []
        self._answered = True  # not by the chunk's number: not every engine counts from 0
        self.expectation = chunk.expects or Expectation()
        if self._endpointer is not None:
            self._endpointer.expectation = self.expectation
        self._node_silence = chunk.node_silent_duration_s is not None
        self.silence_ms = (chunk.node_silent_duration_s or 0) * 1000 or self._config.silence_ms
        return [SetEndOfSpeech(chunk.identify_duration_ms)] if chunk.identify_duration_ms else []

    def failed(self) -> None:
        """A query came to nothing: a brain that never got to know the call is told of it again."""
        if not self._session_id:
            self._variables = {**self._config.variables, **self._variables}

    def hint(self, text: str) -> None:
        """Tell the brain with the next query what a supervisor wants it to know."""
        self._variables[HINT_VARIABLE] = text

    def cut_short(self, heard: list[str]) -> None:
        """Tell the brain with the next query how much of its answer was heard."""
        joint = "" if self._config.language == "zh" else " "
        self._variables[HEARD_VARIABLE] = joint.join(heard)
