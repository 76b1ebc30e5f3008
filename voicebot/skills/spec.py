"""A skill as a value: its name, what it does, its parameters, and where it runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from voicebot.errors import SkillArgumentError
from voicebot.skills.served import ServedTool

ENVIRONMENT = "env."
"""``{{env.NAME}}`` in a remote skill is an environment variable of the service."""

_COMMAS = re.compile("[,\uff0c\u3001;\uff1b\\n]")


@dataclass(frozen=True, slots=True)
class ParameterType:
    """A type that a parameter of a skill may have.

    Attributes:
        name: as it is written in Python.
        schema: the same as JSON Schema.
        convert: makes a value of it from a text; raises ValidationError.
        wanted: for the message when that fails.
    """

    name: str
    schema: Mapping[str, Any]
    convert: Any
    wanted: str


def _split(text: str) -> list[str]:
    return [part.strip() for part in _COMMAS.split(text) if part.strip()]


TYPES = {
    kind.name: kind
    for kind in (
        ParameterType("str", {"type": "string"}, str, "a text"),
        ParameterType("int", {"type": "integer"}, TypeAdapter(int).validate_python, "a whole number"),
        ParameterType("float", {"type": "number"}, TypeAdapter(float).validate_python, "a number"),
        ParameterType("bool", {"type": "boolean"}, TypeAdapter(bool).validate_python, "yes or no"),
        ParameterType("list[str]", {"type": "array", "items": {"type": "string"}}, _split, "a list of texts"),
    )
}
"""What parameters may be, by name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a skill.

    Attributes:
        name: as in the signature.
        type: what it is.
        required: it has no default.
    """

    name: str
    type: ParameterType
    required: bool = True


@dataclass(frozen=True, slots=True)
class RemoteSkill:
    """An HTTP endpoint as a skill. All texts may have ``{{parameters}}`` and ``{{env.NAMES}}``.

    Attributes:
        url: where it is; its host is fixed.
        method: "GET" or "POST".
        query: parameters of the URL.
        json: body, as JSON; None for none.
        headers: may hold a key, so they are in no repr.
        result: what of the answer counts, such as "daily.rain.0"; "" for all of it.
    """

    url: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    result: str = ""


@dataclass(frozen=True, slots=True)
class SkillSpec:
    """A skill of a bot.

    Attributes:
        name: as bots call it.
        description: one line, what it does.
        parameters: what it takes.
        file: the Python file it stands in; None for one that is elsewhere.
        remote: the endpoint that it is; None if it is none.
        served: the tool of an MCP server that it is; None if it is none.
        timeout_s: how long it may take, unless the node says otherwise; None for what is usual.
    """

    name: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    file: Path | None = None
    remote: RemoteSkill | None = None
    timeout_s: float | None = None
    served: ServedTool | None = None

    @property
    def parameters_schema(self) -> dict[str, Any]:
        """The parameters as JSON Schema, as language models want it for their tools."""
        if self.served is not None and self.served.schema is not None:
            return dict(self.served.schema)
        return {
            "type": "object",
            "properties": {parameter.name: dict(parameter.type.schema) for parameter in self.parameters},
            "required": [parameter.name for parameter in self.parameters if parameter.required],
            "additionalProperties": False,
        }

    def convert(self, arguments: Mapping[str, str]) -> dict[str, object]:
        """Turn texts into what the skill wants; an empty text counts as left out.

        Raises:
            SkillArgumentError: a parameter is missing, unknown or of the wrong type. The message names it, and not
                its value: that may be something the caller said.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        unknown = sorted(arguments.keys() - known.keys())
        if unknown:
            raise SkillArgumentError(f"skill '{self.name}' has no parameter '{unknown[0]}'")
        values: dict[str, object] = {}
        for name, parameter in known.items():
            text = arguments.get(name, "").strip()
            if not text and parameter.required:
                raise SkillArgumentError(f"skill '{self.name}' needs '{name}', which is empty")
            if text:
                values[name] = self._converted(parameter, text)
        return values

    def _converted(self, parameter: Parameter, text: str) -> object:
        try:
            value: object = parameter.type.convert(text)
        except ValidationError:
            problem = f"skill '{self.name}' wants {parameter.type.wanted} for '{parameter.name}'"
            # Without the cause, which quotes the value.
            raise SkillArgumentError(problem) from None
        return value


class SkillRunner(Protocol):
    """Runs the skills of one bot."""

    async def start(self) -> None:
        """Get ready, so that the first caller does not wait for that. Running a skill needs no start.

        Raises:
            ConfigError: a skill file cannot be run.
        """
        ...

    async def run(self, name: str, arguments: Mapping[str, str], timeout_s: float) -> object:
        """Run a skill and return its result: a value of JSON.

        Raises:
            SkillError: it failed, or took too long.
        """
        ...

    async def close(self) -> None:
        """End all that runs."""
        ...
