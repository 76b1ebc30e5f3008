"""A ``LineAgent`` in a process of its own: JSON commands on stdin, JSON events on stdout.

The SIP library can be opened once in a process and may abort it, so the tests drive this one from outside.
First line of stdin: ``{"config": {...}, "behaviour": {...}}``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import gc
import json
import logging
import math
import sys
import threading
from array import array
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

from telephony.line.agent import LineAgent
from telephony.line.call import SipCallLeg
from telephony.line.config import AccountConfig, FailoverConfig, UserAgentConfig
from telephony.line.registration import RegistrationEvent
from telephony.line.supervision import Joining, Standing
from voicebot.conversation.leg import AudioSource, HangupCause, TransferMode, TransferRequest, TransferResult
from voicebot.errors import VoicebotError
from voicebot.supervision.modes import Mode

HEARD_FRAMES = 50
SUPERVISION = ("join", "set_mode", "dismiss", "hide", "signal")


def emit(event: str, **values: Any) -> None:
    """Tell the test something."""
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def count_alive(kind: type) -> int:
    """How many library objects of a kind are alive."""
    return sum(isinstance(thing, kind) for thing in gc.get_objects())


def hold(call: pj.Call | None, on: bool) -> None:
    """Put the far side on hold, or take it back."""
    assert call is not None
    prm = pj.CallOpParam(True)
    if on:
        call.setHold(prm)
    else:
        prm.opt.flag = pj.PJSUA_CALL_UNHOLD
        call.reinvite(prm)


class Tone:
    """Plays a sine."""

    def __init__(self, frequency_hz: float, rate_hz: int) -> None:
        self._step = 2 * math.pi * frequency_hz / rate_hz
        self._position = 0

    def read(self, samples: int) -> bytes:
        first, self._position = self._position, self._position + samples
        return array("h", (round(8000 * math.sin(self._step * (first + i))) for i in range(samples))).tobytes()


class Silence:
    """Plays nothing."""

    def read(self, samples: int) -> bytes:
        return bytes(2 * samples)


class Broken:
    """Fails every time."""

    def read(self, samples: int) -> bytes:
        raise RuntimeError("no audio today")


class Echo:
    """Plays back what it is given."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque(maxlen=10)

    def read(self, samples: int) -> bytes:
        return self.frames.popleft() if self.frames else bytes(2 * samples)


def make_source(wanted: str, rate_hz: int) -> AudioSource:
    kind, _, value = wanted.partition(":")
    makers: dict[str, Callable[[], AudioSource]] = {
        "tone": lambda: Tone(float(value), rate_hz),
        "echo": Echo,
        "broken": Broken,
        "silence": Silence,
    }
    return makers[kind]()


class Conversation:
    """Listens to one leg and reports what it is told."""

    def __init__(self, leg: SipCallLeg, source: AudioSource) -> None:
        self.leg = leg
        self.source = source
        self._heard: deque[bytes] = deque(maxlen=HEARD_FRAMES)
        self._tell = functools.partial(emit, call=leg.info.call_id)
        self._recorder: Callable[[], None] | None = None

    def on_answered(self) -> None:
        self._tell("answered")

    def on_audio(self, pcm: bytes) -> None:
        self._heard.append(pcm)
        if isinstance(self.source, Echo):
            self.source.frames.append(pcm)

    def on_dtmf(self, digit: str) -> None:
        self._tell("dtmf", digit=digit)

    def on_hold(self, held: bool) -> None:
        self._tell("hold", held=held)

    def on_transfer_done(self, result: TransferResult) -> None:
        self._tell("transfer_done", outcome=result.outcome.value, status=result.status, reason=result.reason)

    def on_hung_up(self, cause: HangupCause) -> None:
        leg = self.leg
        self._tell(
            "hung_up",
            cause=cause.value,
            status=leg.status,
            q850=leg.end.q850 if leg.end is not None else 0,
            sip_call_id=leg.end.sip_call_id if leg.end is not None else "",
            attempts=leg.end.attempts if leg.end is not None else 0,
            stream=dataclasses.asdict(leg.stream_stats),
            frames=dataclasses.asdict(leg.frame_stats),
        )

    def heard(self) -> None:
        """Report the last second of what was heard, as text."""
        self._tell("heard", pcm=b"".join(self._heard).hex(), rate_hz=self.leg.rate_hz)


class Driver:
    """Obeys the test."""

    def __init__(self, order: dict[str, Any]) -> None:
        config = dict(order["config"])
        config["accounts"] = tuple(AccountConfig(**account) for account in config.get("accounts", ()))
        failover = config.get("failover", {})
        config["failover"] = FailoverConfig(**{**failover, "hosts": frozenset(failover.get("hosts", ()))})
        config["codecs"] = tuple(config.get("codecs", ("PCMA", "PCMU", "G722")))
        self._behaviour: dict[str, Any] = order.get("behaviour", {})
        self._agent = LineAgent(
            UserAgentConfig(**config), asyncio.get_running_loop(), self._on_call, self._on_registration
        )
        self._calls: dict[str, Conversation] = {}
        self._supervisors = 0

    async def start(self) -> None:
        await self._agent.start()
        emit("ready", port=self._agent.sip_port, max_calls=self._agent.max_calls)

    async def stop(self) -> None:
        await self._agent.stop()
        emit("stopped", threads=[thread.name for thread in threading.enumerate() if thread.name in ("sip", "recorder")])

    def _on_registration(self, event: RegistrationEvent) -> None:
        emit("registration", **dataclasses.asdict(event), text=str(event))

    def _on_call(self, leg: SipCallLeg) -> None:
        info = leg.info
        emit("call", call=info.call_id, caller=info.caller, called=info.called, headers=dict(info.headers))
        self._adopt(leg, self._behaviour.get("source", "silence"))
        action = self._behaviour.get("on_call", "answer")
        if action == "answer":
            self._start(leg.info.call_id)
        elif action != "ring":
            leg.reject(int(action))

    def _adopt(self, leg: SipCallLeg, source: str) -> None:
        self._calls[leg.info.call_id] = Conversation(leg, make_source(source, leg.rate_hz))
        if "record" in self._behaviour:
            leg.record(Path(self._behaviour["record"]))

    def _start(self, call: str) -> None:
        conversation = self._calls[call]
        conversation.leg.start(conversation, conversation.source)

    async def obey(self, command: dict[str, Any]) -> None:
        do = command.pop("do")
        if do == "dial":
            await self._dial(**command)
        elif do == "behave":
            self._behaviour.update(command)
        elif do == "count":
            emit(
                "count",
                calls=self._agent.calls,
                objects=count_alive(pj.Call),
                ports=count_alive(pj.AudioMediaPort),
            )
        elif do == "register":
            self._agent.register()
        else:
            self._obey_call(do, self._calls[command.pop("call")], command)

    async def _dial(self, target: str, source: str = "silence", headers: dict[str, str] | None = None) -> None:
        try:
            leg = await self._agent.call(target, headers)
        except VoicebotError as error:
            emit("dial_failed", message=error.message)
            return
        emit("dialled", call=leg.info.call_id)
        self._adopt(leg, source)
        self._start(leg.info.call_id)

    def _obey_call(self, do: str, conversation: Conversation, command: dict[str, Any]) -> None:
        leg = conversation.leg
        if do == "start":
            self._start(leg.info.call_id)
        elif do == "reject":
            leg.reject(command["status"])
        elif do == "hang_up":
            leg.hang_up()
        elif do in ("hold", "resume"):
            leg._do(lambda call: hold(call._call, do == "hold"))
        elif do == "dtmf":
            leg.send_dtmf(command["digits"])
        elif do == "heard":
            conversation.heard()
        elif do == "transfer":
            command["mode"] = TransferMode(command.get("mode", "attended"))
            command["bridge_on"] = frozenset(command.get("bridge_on", ()))
            if "briefing_hz" in command:
                briefing = Tone(command.pop("briefing_hz"), leg.rate_hz)
                command["briefing_pcm"] = briefing.read(leg.rate_hz)
            leg.transfer(TransferRequest(**command))
        elif do in SUPERVISION:
            self._obey_supervisor(do, conversation, command)
        else:
            raise ValueError(f"unknown command {do!r}")

    def _obey_supervisor(self, do: str, conversation: Conversation, command: dict[str, Any]) -> None:
        leg = conversation.leg
        if do == "join":
            self._join(conversation, command["target"], command["mode"], command.get("ring_timeout_s", 45.0))
        elif do == "set_mode":
            leg.set_mode(command["id"], Mode(command["mode"]))
        elif do == "dismiss":
            leg.dismiss(command["id"])
        elif do == "hide":
            leg.hide(command["on"])
        else:
            leg.signal()

    def _join(self, conversation: Conversation, target: str, mode: str, ring_timeout_s: float) -> None:
        def tell(standing: Standing) -> None:
            told = dataclasses.asdict(standing)
            for name in ("stage", "mode", "cause"):
                told[name] = told[name].value
            emit("supervision", **told)

        self._supervisors += 1
        request = TransferRequest(target, ring_timeout_s=ring_timeout_s)
        conversation.leg.join(Joining(f"s{self._supervisors}", request, Mode(mode)), tell)


async def main() -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    driver = Driver(json.loads(await reader.readline()))
    try:
        await driver.start()
    except VoicebotError as error:
        emit("failed", code=error.code, message=error.message)
        await driver.stop()
        return 1
    while line := await reader.readline():
        await driver.obey(json.loads(line))
    await driver.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
