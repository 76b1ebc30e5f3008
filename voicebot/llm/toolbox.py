"""Skills as tools of a language model."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping

from voicebot.errors import SkillError
from voicebot.llm.model import Tool, ToolCall
from voicebot.skills.spec import SkillRunner, SkillSpec

logger = logging.getLogger(__name__)

MAX_RESULT_CHARACTERS = 4000
"""Of a result the model is told no more than this."""
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAME = 64


class ToolBox:
    """Some skills of a bot, as tools.

    Args:
        specs: the skills.
        runner: runs them.
        timeout_s: how long one may take that does not say so itself.
    """

    def __init__(self, specs: Iterable[SkillSpec], runner: SkillRunner, timeout_s: float) -> None:
        self._runner = runner
        self._timeout_s = timeout_s
        self._specs: dict[str, SkillSpec] = {}
        for spec in specs:
            self._specs[_tool_name(spec.name, self._specs)] = spec

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools, as a model is told of them."""
        return tuple(
            Tool(name, spec.description or spec.name, spec.parameters_schema) for name, spec in self._specs.items()
        )

    async def run(self, call: ToolCall) -> str:
        """Use a tool; returns what the model is told of it. A failure is told, too, and never raised."""
        spec = self._specs.get(call.name)
        if spec is None:
            return _error(f"there is no tool '{call.name}'; there are: {', '.join(self._specs) or 'none'}")
        arguments = _arguments(call.arguments)
        if arguments is None:
            return _error("the arguments are not a JSON object")
        try:
            result = await self._runner.run(spec.name, arguments, spec.timeout_s or self._timeout_s)
        except SkillError as error:
            logger.warning("a tool of the language model failed: %s", error.message)
            return _error(error.detail or error.message)
        except Exception:
            # A mistake of ours costs this tool, not the answer.
            logger.exception("skill %s could not be run", spec.name)
            return _error(f"tool '{call.name}' failed")
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        return text[:MAX_RESULT_CHARACTERS]


def _tool_name(name: str, taken: Mapping[str, SkillSpec]) -> str:
    """Return a name that models may use, and that no other skill has."""
    plain = _NOT_IN_NAMES.sub("_", name)[:_MAX_NAME]
    number, free = 2, plain
    while free in taken:
        free = f"{plain[: _MAX_NAME - 4]}_{number}"
        number += 1
    return free


def _arguments(text: str) -> dict[str, str] | None:
    """Return arguments as texts, which is how skills take them; None if these are none."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        return None
    return {str(name): _text(value) for name, value in values.items()} if isinstance(values, dict) else None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(part, (dict, list)) for part in value):
        return "\n".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _error(problem: str) -> str:
    return json.dumps({"error": problem}, ensure_ascii=False)
