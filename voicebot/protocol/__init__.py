"""The dialogue interface as types: ``Query`` in, ``Chunk``s out, and both ways to write them on the wire.

The interface is the "custom robot" page of Baidu Keyue (https://cloud.baidu.com/doc/ky/s/Ominzd7nx).
"""

from voicebot.protocol.chunk import Chunk, emit_packet, parse_packet
from voicebot.protocol.framing import FrameDecoder, Framing
from voicebot.protocol.instruction import (
    Blacklist,
    Hangup,
    Instruction,
    ShortMessage,
    ToCustomerService,
    TransferType,
    run_order,
)
from voicebot.protocol.query import Query, SilenceType, TransferState, emit_query, parse_query
from voicebot.protocol.reply import AudioField, Reply, ReplySource

__all__ = [
    "AudioField",
    "Blacklist",
    "Chunk",
    "FrameDecoder",
    "Framing",
    "Hangup",
    "Instruction",
    "Query",
    "Reply",
    "ReplySource",
    "ShortMessage",
    "SilenceType",
    "ToCustomerService",
    "TransferState",
    "TransferType",
    "emit_packet",
    "emit_query",
    "parse_packet",
    "parse_query",
    "run_order",
]
