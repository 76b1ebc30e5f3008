"""A complete dialogue engine for the interface of docs/connect-your-brain.md, in plain Python.

    python3 scripts/example_engine.py --port 9000 --token secret --agent 1001@10.0.0.5

It knows nothing of this project but the interface. It greets with a recording of its own (a tone), and then does what
it is told, by words or keys:

    1  "message"   sends the caller a text message
    2  "block"     puts the caller on the blacklist
    3  "agent"     puts the caller through, to --agent or to the X-Target header of the call
    4  "bye"       hangs up
    5  "all"       text message, blacklist and transfer at once

It sends ``data:`` events in pieces of a word, with fields that are not on the page and with keep-alive comments
between them, as other engines do.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import struct
import threading
import time
import uuid
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TONE_HZ = 1000.0
TONE_S = 1.5
RATE_HZ = 16000
WORD_PAUSE_S = 0.02
TEMPLATE = {"signatureId": "47284801", "templateId": "30340608"}


def greeting_wav() -> bytes:
    """Return the recording: a tone with soft edges."""
    count, edge = int(RATE_HZ * TONE_S), RATE_HZ // 50
    samples = []
    for index in range(count):
        loudness = min(1.0, index / edge, (count - index) / edge)
        samples.append(int(9000 * loudness * math.sin(2 * math.pi * TONE_HZ * index / RATE_HZ)))
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(RATE_HZ)
        output.writeframes(struct.pack(f"<{count}h", *samples))
    return file.getvalue()


class Sessions:
    """What is known of each conversation: the variables of its first query."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def open(self, variables: dict[str, str]) -> str:
        """Begin a conversation."""
        session = uuid.uuid4().hex
        with self._lock:
            self._known[session] = variables
        return session

    def find(self, session: str) -> dict[str, str] | None:
        """Return what is known of a conversation."""
        with self._lock:
            return self._known.get(session)


def answer(query: dict[str, Any], known: dict[str, str], agent: str) -> tuple[str, dict[str, Any]]:
    """Return what is said and what is done."""
    words = query.get("queryText", "").lower()
    variables = query.get("variables") or {}
    message = {"system_shortmessage": {"mobile": known.get("caller", ""), **TEMPLATE}}
    block = {"system_blacklist_event": None}
    transfer = {
        "system_toCustomerService": {"transAddr": known.get("X-Target") or agent, "transType": "3", "transValue": ""}
    }
    result = variables.get("Trans_result")
    if result:
        return ("They are busy." if result == "2" else "Nobody is there.") + " What else can I do?", {}
    if query.get("silence"):
        return "Are you still there?", {}
    for key, word, text, instructions in (
        ("1", "message", "I have sent you a message.", message),
        ("2", "block", "We will not call you again.", block),
        ("3", "agent", "I will put you through.", transfer),
        ("4", "bye", "Goodbye.", {"system_hangup": None}),
        ("5", "all", "I will do all of that.", {**transfer, **block, **message}),
    ):
        if words.rstrip("#") == key or word in words:
            return text, instructions
    return "Say message, block, agent or bye.", {}


class Engine(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"  # keeps the connection, and needs chunks below
    token = ""
    agent = ""
    sessions = Sessions()
    recording = greeting_wav()

    def do_GET(self) -> None:
        """Give out the recording."""
        if self.path == "/greeting.wav":
            self._reply(200, "audio/wav", self.recording)
        else:
            self._refuse(404, "not_found")

    def do_POST(self) -> None:
        """Answer a query."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/stream/query":
            return self._refuse(404, "not_found")
        if self.token and self.headers.get("token") != self.token:
            return self._refuse(401, "unauthorized")
        query = json.loads(body)
        session = query.get("sessionId") or ""
        if session and self.sessions.find(session) is None:
            return self._refuse(404, "unknown_session")
        try:
            self._answer(query, session)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller went on speaking: nobody wants the rest
        return None

    def _answer(self, query: dict[str, Any], session: str) -> None:
        greeting = not session
        session = session or self.sessions.open(dict(query.get("variables") or {}))
        known = self.sessions.find(session) or {}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._send(b": keep-alive\n\n")
        if greeting and not query.get("queryText"):
            audio = f"http://{self.headers['Host']}/greeting.wav"
            reply = {"text": "Welcome to the example engine.", "audioURL": audio}
            self._chunk(session, 0, "running", reply, identifyDuration=600)
            self._chunk(session, 1, "done", {"text": ""})
        else:
            text, instructions = answer(query, known, self.agent)
            words = text.split(" ")
            for number, word in enumerate(words):
                self._chunk(session, number, "running", {"text": word if number == 0 else f" {word}"})
                time.sleep(WORD_PAUSE_S)
                self._send(b": keep-alive\n\n")
            self._chunk(session, len(words), "done", {"text": ""}, instructions)
        self._send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(
        self,
        session: str,
        number: int,
        status: str,
        reply: dict[str, Any],
        instructions: dict[str, Any] | None = None,
        **more: int,
    ) -> None:
        item = {
            "chunkId": number,
            "status": status,
            "reply": {"type": 1, "replySource": "CLARIFY", "documents": None, "mood": "good", **reply},
            "instruction": instructions or None,
            "debugCost": 0.1,
        }
        packet = {"sessionId": session, "queryId": "1", "replyStatus": 200, "answer": [item], "endTime": None, **more}
        self._send(b"event: answer\ndata: " + json.dumps(packet).encode() + b"\n\n")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _refuse(self, status: int, code: str) -> None:
        self._reply(status, "application/json", json.dumps({"code": code, "message": code}).encode())

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Tell nothing: there are numbers and words of callers in it."""


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="An example of a dialogue engine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000, help="0 takes any free one")
    parser.add_argument("--token", default="", help="the key that callers must send; empty: none")
    parser.add_argument("--agent", default="", help="SIP address that callers are put through to")
    args = parser.parse_args()
    Engine.token, Engine.agent = args.token, args.agent
    server = ThreadingHTTPServer((args.host, args.port), Engine)
    print(f"listening at http://{args.host}:{server.server_address[1]}/stream/query", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("bye")


if __name__ == "__main__":
    main()
