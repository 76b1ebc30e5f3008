"""Skills that are HTTP endpoints."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp

from voicebot.errors import SkillArgumentError, SkillError, SkillTimeoutError
from voicebot.skills.result import pick
from voicebot.skills.spec import ENVIRONMENT, RemoteSkill, SkillSpec
from voicebot.skills.template import fill

MAX_ANSWER_BYTES = 1_000_000


class RemoteSkills:
    """Runs the remote skills of one bot; a ``SkillRunner``.

    Args:
        specs: the skills, by name.
    """

    def __init__(self, specs: Mapping[str, SkillSpec]) -> None:
        self._specs = specs
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Nothing to prepare: whether an endpoint is there is seen when it is asked."""

    async def run(self, name: str, arguments: Mapping[str, str], timeout_s: float) -> object:
        """Ask an endpoint and return what of its answer counts.

        Raises:
            SkillArgumentError: a parameter is missing.
            SkillTimeoutError: it took too long.
            SkillError: it cannot be reached, refused, or its answer has no such part.
        """
        spec = self._specs[name]
        remote = spec.remote
        assert remote is not None, "the skill is a remote one"
        values = {key: str(value) for key, value in spec.convert(arguments).items()}
        try:
            body = await self._ask(name, remote, values, timeout_s)
        except asyncio.TimeoutError as error:
            raise SkillTimeoutError(f"skill '{name}' took more than {timeout_s:g} s") from error
        except (aiohttp.ClientError, ValueError) as error:
            # A ValueError is an address that is none. Neither message is told: it may quote the address with a key.
            raise SkillError(f"skill '{name}' cannot be reached ({type(error).__name__})") from error
        return _result(name, body, remote.result)

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(self, name: str, remote: RemoteSkill, values: Mapping[str, str], timeout_s: float) -> bytes:
        if self._session is None:
            # No cookies: what an endpoint tells one caller is not for the next one.
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        filled = _Filling(name, values)
        request = self._session.request(
            remote.method,
            filled.address(remote.url),
            params={key: filled.text(value) for key, value in remote.query.items()},
            json=filled.json(remote.json) if remote.json is not None else None,
            headers={key: filled.text(value) for key, value in remote.headers.items()},
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            allow_redirects=False,  # a key goes to nobody but the host that it is for
        )
        async with request as response:
            if response.status != 200:
                raise SkillError(f"skill '{name}' was refused (HTTP {response.status})")
            body = b""
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise SkillError(f"the answer of skill '{name}' is longer than {MAX_ANSWER_BYTES} bytes")
            return body


class _Filling:
    """Fills parameters and environment variables into the parts of a request."""

    def __init__(self, skill: str, values: Mapping[str, str]) -> None:
        self._skill = skill
        self._values = values

    def text(self, text: str) -> str:
        return fill(text, self._value)

    def address(self, url: str) -> str:
        """Fill a URL: what a parameter brings along stays one part of the path."""
        return fill(url, lambda name, default: self._quoted(name, default))

    def json(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.json(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.json(part) for part in value]
        return self.text(value) if isinstance(value, str) else value

    def _quoted(self, name: str, default: str) -> str:
        value = self._value(name, default)
        if name.startswith(ENVIRONMENT):
            return value
        if value in (".", ".."):
            raise SkillArgumentError(f"skill '{self._skill}' cannot have this value for '{name}'")
        return quote(value, safe="")

    def _value(self, name: str, default: str) -> str:
        if not name.startswith(ENVIRONMENT):
            return self._values.get(name) or default.strip()
        value = os.environ.get(name.removeprefix(ENVIRONMENT)) or default.strip()
        if not value:
            raise SkillError(f"skill '{self._skill}' needs the environment variable {name.removeprefix(ENVIRONMENT)}")
        return value


def _result(name: str, body: bytes, path: str) -> object:
    try:
        answer: object = json.loads(body)
    except ValueError as error:
        if path:
            raise SkillError(f"the answer of skill '{name}' is not JSON") from error
        return body.decode(errors="replace").strip()
    part = pick(answer, path)
    if part is None and path:
        raise SkillError(f"the answer of skill '{name}' has no '{path}'")
    return part
