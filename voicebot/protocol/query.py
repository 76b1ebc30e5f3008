"""``Query``: what the line asks the brain in one turn."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicebot.protocol.fields import Fields

MAX_SESSION_ID_LENGTH = 256
TRANSFER_VARIABLE = "Trans_result"
HEARD_VARIABLE = "bot_heard"
"""Variable of the next query after the caller cut in: what of the last answer the caller had heard. Our own phone
side sends it; the page does not know it."""

HINT_VARIABLE = "supervisor_hint"
"""Variable of the next query after a supervisor has given the bot a hint; for that one answer."""
SUPERVISOR_VARIABLE = "supervisor"
"""Variable of the query with which a bot gets a call back that a supervisor had taken over: "left"."""

EXTENSION = "ext"
"""Field with what our own phone side wants besides; the page does not know it, and others need not."""


class SilenceType(enum.IntEnum):
    """Which silence came about: the bot's in general, or the one that the current node asked for."""

    GLOBAL = 0
    NODE = 1


class TransferState(enum.Enum):
    """Value of the variable ``Trans_result``: why the caller is still with us after a transfer."""

    FAILED = "-1"
    BUSY = "2"


_TRANSFER_STATES = {state.value: state for state in TransferState}


@dataclass(frozen=True, slots=True)
class Query:
    """One turn's question.

    Attributes:
        query_text: what the caller said; "" on the first turn, on silence and after a failed transfer.
        session_id: "" on the first turn lets the brain make one.
        variables: names and values that the dialogue may use; on the first turn all that is known of the call.
        silence: the caller said nothing for a while; the brain answers with a silence prompt.
        silence_type: which silence; meaningful only with ``silence``.
        wants_expectation: the client ends turns by what was asked for; the answer is to say that (``expects``).
        wants_understanding: the client keeps what its query was taken for; the answer is to say that (``understood``).
        speculative: the caller may still go on. The answer is prepared and nothing else: it counts once the same
            query comes without this.
    """

    query_text: str = ""
    session_id: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    silence: bool = False
    silence_type: SilenceType = SilenceType.GLOBAL
    wants_expectation: bool = False
    speculative: bool = False
    wants_understanding: bool = False

    @property
    def transfer_state(self) -> TransferState | None:
        """How a transfer went wrong, if this query tells of one."""
        return _TRANSFER_STATES.get(self.variables.get(TRANSFER_VARIABLE, ""))


def parse_query(data: object) -> Query:
    """Read the body of a ``/stream/query`` request.

    Raises:
        ProtocolError: a field has the wrong type; unknown fields are ignored.
    """
    fields = Fields(data)
    silence_type = fields.integer("silenceType", SilenceType.GLOBAL)
    if silence_type not in (SilenceType.GLOBAL, SilenceType.NODE):
        fields.fail("silenceType", "expected 0 (global) or 1 (node)")
    extension = _extension(fields)
    return Query(
        query_text=fields.text("queryText").strip(),
        session_id=_session_id(fields),
        variables=fields.texts("variables"),
        silence=fields.flag("silence", False),
        silence_type=SilenceType(silence_type),
        wants_expectation=extension.flag("expects", False) if extension is not None else False,
        speculative=extension.flag("speculate", False) if extension is not None else False,
        wants_understanding=extension.flag("understood", False) if extension is not None else False,
    )


def _extension(fields: Fields) -> Fields | None:
    """Return our extension. A client may use a field of that name for something else: then it says nothing to us."""
    value = dict(fields.items()).get(EXTENSION)
    if not isinstance(value, Mapping) or not all(isinstance(value.get(name), bool) for name in value):
        return None
    return fields.object(EXTENSION)


def _session_id(fields: Fields) -> str:
    """Return the id as it stands, since clients go by it; one of blanks alone counts as none."""
    session_id = fields.text("sessionId", max_length=MAX_SESSION_ID_LENGTH)
    # A lone surrogate was read as "?", and would make one session of many.
    if not session_id.isprintable() or ("?" in session_id and dict(fields.items())["sessionId"] != session_id):
        fields.fail("sessionId", "has characters that cannot be printed")
    return "" if session_id.isspace() else session_id


def emit_query(query: Query) -> dict[str, Any]:
    """Write a query as the body of a ``/stream/query`` request."""
    body: dict[str, Any] = {"queryText": query.query_text, "sessionId": query.session_id}
    if query.variables:
        body["variables"] = dict(query.variables)
    if query.silence:
        body["silence"] = True
        body["silenceType"] = int(query.silence_type)
    extension = {"expects": query.wants_expectation, "speculate": query.speculative}
    extension["understood"] = query.wants_understanding
    if any(extension.values()):
        body[EXTENSION] = {name: True for name, wanted in extension.items() if wanted}
    return body
