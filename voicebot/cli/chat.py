"""``voicebot chat``: talk to a bot as text in the terminal."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

from voicebot.cli.common import add_config_arguments, settings_from
from voicebot.cli.main import Subparsers
from voicebot.connectors import Brain, CustomRobotBrain
from voicebot.dialogue import Engine, UseEncoder, load_bot
from voicebot.dialogue.botfile import FILE_NAME
from voicebot.errors import BrainError, ConfigError
from voicebot.protocol import (
    Blacklist,
    Chunk,
    Hangup,
    Instruction,
    Query,
    ShortMessage,
    SilenceType,
    ToCustomerService,
    TransferState,
)
from voicebot.protocol.query import TRANSFER_VARIABLE
from voicebot.runtime.bots import skills_of
from voicebot.runtime.modeldesks import model_desk_of
from voicebot.settings import Settings

_TRANSFER_COMMANDS = {"/failed": TransferState.FAILED, "/busy": TransferState.BUSY}
_HELP = "An empty line is silence, /busy and /failed play a transfer that does not work, Ctrl-D ends.\n"


def add_parser(subparsers: Subparsers) -> None:
    """Add ``chat``."""
    parser = subparsers.add_parser(
        "chat", help="talk to a bot as text in the terminal", description="Talk to a bot as text. " + _HELP.strip()
    )
    parser.add_argument("--bot", default="", metavar="NAME", help="which bot (default: bots.default of the settings)")
    parser.add_argument("--url", default="", help="talk to this endpoint of the dialogue interface instead")
    parser.add_argument("--token", default="", help="key of that endpoint")
    parser.add_argument(
        "--var",
        dest="variables",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable of the call, such as name=Ann; may be repeated",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show what each turn was taken for, and why")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Talk until the bot hangs up or the input ends."""
    settings = settings_from(args)
    variables = _variables(args.variables)
    loop = asyncio.new_event_loop()
    try:
        brain: Brain
        if args.url:
            brain = client = CustomRobotBrain(args.url, args.token, settings.brain)
            try:
                return Chat(brain, loop, verbose=args.verbose).talk(variables)
            finally:
                loop.run_until_complete(client.close())
        engine = _local_engine(settings, args.bot)
        try:
            loop.run_until_complete(engine.start())
            return Chat(engine, loop, verbose=args.verbose).talk(variables)
        finally:
            loop.run_until_complete(engine.close())
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class Chat:
    """One conversation in the terminal. Reads a line, asks, prints the answer as it comes."""

    def __init__(
        self,
        brain: Brain,
        loop: asyncio.AbstractEventLoop,
        verbose: bool = False,
        source: TextIO | None = None,
        out: TextIO | None = None,
    ) -> None:
        self._brain = brain
        self._loop = loop
        self._verbose = verbose
        self._source = source if source is not None else sys.stdin
        self._out = out if out is not None else sys.stdout
        self._session_id = ""

    def talk(self, variables: Mapping[str, str]) -> int:
        """Talk to the end; return the exit status."""
        self._print(_HELP)
        query: Query | None = Query(variables=variables)
        while query is not None:
            try:
                instructions = self._loop.run_until_complete(self._ask(query))
            except BrainError as error:
                self._print(f"\n{error.message}\n")
                return 1
            for instruction in instructions:
                self._print(f"     [{_describe(instruction)}]\n")
            if any(isinstance(instruction, Hangup) for instruction in instructions):
                return 0
            query = self._next_query()
        return 0

    async def _ask(self, query: Query) -> tuple[Instruction, ...]:
        self._print("bot> ")
        instructions: tuple[Instruction, ...] = ()
        last: Chunk | None = None
        async for chunk in self._brain.ask(query):
            if chunk.reply is not None:
                self._print(chunk.reply.text)
            instructions += chunk.instructions
            self._session_id = chunk.session_id
            last = chunk if chunk.reply is not None else last
        self._print("\n")
        if self._verbose and last is not None:
            self._print(f"     ({self._explain(last)})\n")
        return instructions

    def _explain(self, last: Chunk) -> str:
        source = last.reply.reply_source.value if last.reply is not None else "-"
        decision = None
        if isinstance(self._brain, Engine):
            decision = self._brain.sessions.open(self._session_id).decision
        if decision is None:
            return source
        method = f" by {decision.method.value}" if decision.method is not None else ""
        entities = ", ".join(f"{entity.kind.value} {entity.value}" for entity in decision.entities)
        found = f"; entities {entities}" if entities else ""
        return f"{source}; {decision.kind.value} {decision.name}{method}, score {decision.score:.2f}{found}"

    def _next_query(self) -> Query | None:
        """Read a line; None at the end of the input."""
        self._print("you> ")
        line = self._source.readline()
        if not line:
            self._print("\n")
            return None
        text = line.strip()
        if text in _TRANSFER_COMMANDS:
            return Query(session_id=self._session_id, variables={TRANSFER_VARIABLE: _TRANSFER_COMMANDS[text].value})
        if not text:
            return Query(session_id=self._session_id, silence=True, silence_type=SilenceType.NODE)
        return Query(text, self._session_id)

    def _print(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _local_engine(settings: Settings, name: str) -> Engine:
    name = name or settings.bots.default
    file = settings.bots.directory / name / FILE_NAME
    if not file.is_file():
        known = sorted(path.parent.name for path in settings.bots.directory.glob(f"*/{FILE_NAME}"))
        there = f"the bots are: {', '.join(known)}" if known else "there are none"
        raise ConfigError(f"there is no bot '{name}' in {settings.bots.directory}; {there}")
    bot = load_bot(file)
    # Whoever talks here is the bot's author, and wants to know what is wrong with a skill.
    skills = skills_of(bot, settings, tell_messages=True)
    model = model_desk_of(bot, settings, skills)
    return Engine(bot, UseEncoder(settings.paths.models), skills=skills, model=model)


def _variables(texts: Iterable[str]) -> dict[str, str]:
    variables = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise ConfigError(f"--var {text}: expected NAME=VALUE")
        variables[name.strip()] = value
    return variables


def _describe(instruction: Instruction) -> str:
    if isinstance(instruction, Hangup):
        return "hangs up"
    if isinstance(instruction, Blacklist):
        return "puts the number on the blacklist"
    if isinstance(instruction, ShortMessage):
        return f"sends text message {instruction.template_id} to {instruction.mobile or 'the caller'}"
    assert isinstance(instruction, ToCustomerService)
    target = instruction.trans_addr or f"{instruction.trans_type.name.lower()} {instruction.trans_value}"
    return f"transfers the call to {target}"
