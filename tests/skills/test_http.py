"""Remote skills against a server of the test's own."""

from __future__ import annotations

import socket

import pytest

from tests.skills.endpoint import endpoint
from voicebot.errors import SkillArgumentError, SkillError, SkillTimeoutError
from voicebot.skills.http import MAX_ANSWER_BYTES, RemoteSkills
from voicebot.skills.spec import TYPES, Parameter, RemoteSkill, SkillSpec

PATIENCE_S = 10.0


async def ask(remote: RemoteSkill, timeout_s: float = PATIENCE_S, **arguments: str) -> object:
    parameters = tuple(Parameter(name, TYPES["str"]) for name in arguments)
    skills = RemoteSkills({"remote": SkillSpec("remote", parameters=parameters, remote=remote)})
    try:
        await skills.start()
        return await skills.run("remote", arguments, timeout_s)
    finally:
        await skills.close()


async def test_a_get_with_parameters() -> None:
    async with endpoint(b'{"now": {"temp": [21.5]}}') as served:
        remote = RemoteSkill(
            served.url + "/at/{{city}}", query={"lang": "{{lang|en}}", "q": "{{city}}"}, result="now.temp.0"
        )
        assert await ask(remote, city="a/../\u4e0a\u6d77?x=1") == 21.5
    (seen,) = served.seen
    assert (seen.method, seen.path) == ("GET", "/at/a%2F..%2F%E4%B8%8A%E6%B5%B7%3Fx=1")
    assert seen.query == {"lang": "en", "q": "a/../\u4e0a\u6d77?x=1"}


async def test_a_post_with_a_body_and_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "secret")
    body = {"order": {"id": "{{order}}", "count": 2, "tags": ["{{order}}", True, None]}}
    async with endpoint(b'{"ok": true}') as served:
        remote = RemoteSkill(served.url, "POST", json=body, headers={"Authorization": "Bearer {{env.SHOP_KEY}}"})
        assert "env.SHOP_KEY" not in repr(remote)
        assert await ask(remote, order='4"5') == {"ok": True}
    (seen,) = served.seen
    assert seen.body == {"order": {"id": '4"5', "count": 2, "tags": ['4"5', True, None]}}
    assert seen.headers["Authorization"] == "Bearer secret"


async def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with endpoint(b"fine\n") as served:
        monkeypatch.setenv("SHOP_URL", served.url)
        assert await ask(RemoteSkill("{{env.SHOP_URL}}/status")) == "fine"
        assert served.seen[0].path == "/status"


@pytest.mark.parametrize(
    ("body", "status", "result", "problem"),
    [
        (b"{}", 500, "", r"^skill 'remote' was refused \(HTTP 500\)$"),
        (b"{}", 302, "", r"was refused \(HTTP 302\)"),
        (b"{}", 200, "a.b", "has no 'a.b'"),
        (b"<html>", 200, "a", "is not JSON"),
        (b"x" * (MAX_ANSWER_BYTES + 1), 200, "", "is longer than 1000000 bytes"),
    ],
)
async def test_answers_that_are_none(body: bytes, status: int, result: str, problem: str) -> None:
    async with endpoint(body, status, {"Location": "/elsewhere"} if status == 302 else None) as served:
        with pytest.raises(SkillError, match=problem):
            await ask(RemoteSkill(served.url, result=result))
        assert len(served.seen) == 1


async def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        with pytest.raises(SkillError, match=r"^skill 'remote' cannot be reached \(ClientConnectorError\)$"):
            await ask(RemoteSkill(f"http://127.0.0.1:{taken.getsockname()[1]}/{{{{number}}}}"), number="5550100")


async def test_an_endpoint_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(SkillTimeoutError, match=r"took more than 0\.2 s"):
            await ask(RemoteSkill(f"http://127.0.0.1:{silent.getsockname()[1]}/"), 0.2)


@pytest.mark.parametrize("url", ["{{env.NOWHERE_SET}}/x", "http://127.0.0.1:9/{{env.NOWHERE_SET}}"])
async def test_a_missing_environment_variable(url: str) -> None:
    with pytest.raises(SkillError, match="needs the environment variable NOWHERE_SET"):
        await ask(RemoteSkill(url))


@pytest.mark.parametrize("value", [".", ".."])
async def test_a_parameter_does_not_climb_in_the_address(value: str) -> None:
    async with endpoint() as served:
        with pytest.raises(SkillArgumentError, match="cannot have this value for 'city'"):
            await ask(RemoteSkill(served.url + "/public/{{city}}/weather"), city=value)
        assert served.seen == []


async def test_a_missing_parameter() -> None:
    with pytest.raises(SkillArgumentError, match="needs 'city', which is empty"):
        await ask(RemoteSkill("http://127.0.0.1:9/{{city}}"), city=" ")
