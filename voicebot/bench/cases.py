"""What the callers of the turn bench say: labelled cases, each put together from recorded clips.

``cases/<scenario>.yaml`` lists them. A case names clips of the folder of recorded speech by their path; nothing of
them is copied into this project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

from voicebot.errors import ConfigError

CASES = Path(__file__).with_name("cases")

Expect = Literal["answer", "stop", "go_on"]
Part = str | int | Mapping[str, Any]
"""A clip's path, a pause in ms, ``{say: text}``, ``{clip: path, from_ms, to_ms}`` or ``{sound: cough | click}``."""
PART_KEYS = ({"say"}, {"say", "voice"}, {"clip", "from_ms", "to_ms"}, {"sound"}, {"sound", "seed"})


@dataclass(frozen=True, slots=True)
class Background:
    """What is heard behind a case.

    Attributes:
        clip: a recording of noise or music, repeated as often as it takes.
        snr_db: how far it lies below speech: below that of the case, or below the nominal level if there is none.
    """

    clip: str
    snr_db: float


@dataclass(frozen=True, slots=True)
class Case:
    """One thing a caller says or lets be heard, and what is right.

    Attributes:
        id: unique in its scenario.
        language: "zh" or "en": which bot is rung.
        bot: kind of bot: "open", "choice", "yes_no", "number", "long" or "semantic".
        kind: group in which its figures are told.
        expect: "answer": the bot waits for the end, then answers; "stop": the bot falls silent; "go_on": it does not.
        parts: what it is put together from, in order.
        level_dbov: active level of its speech; None leaves the recordings as they are.
        background: noise behind it.
        after_ms: for "stop" and "go_on": when the caller begins, counted from the beginning of the bot's speech,
            or from the caller's last words before.
    """

    id: str
    language: str
    bot: str
    kind: str
    expect: Expect
    parts: tuple[Part, ...]
    level_dbov: float | None = None
    background: Background | None = None
    after_ms: int = 1500


def scenarios() -> list[str]:
    """Return the names of the scenarios that have cases."""
    return sorted(file.stem for file in CASES.glob("*.yaml"))


def read_cases(file: Path) -> list[Case]:
    """Read a file of cases: ``defaults`` for all of them, and a list of ``groups`` with ``cases``.

    A case is a list of parts, or a mapping with ``parts`` and what differs from its group. The id is made of the
    group's kind, the language and a number.

    Raises:
        ConfigError: it is not written as expected.
    """
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        cases = [
            _case({**data.get("defaults", {}), **_without_cases(group), **_as_mapping(case)}, number)
            for group in data["groups"]
            for number, case in enumerate(group["cases"], 1)
        ]
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: is not a file of cases: {error!r}") from error
    doubled = sorted({case.id for case in cases if sum(other.id == case.id for other in cases) > 1})
    if doubled:
        raise ConfigError(f"{file}: several cases are called {', '.join(doubled)}")
    return cases


def _without_cases(group: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key != "cases"}


def _as_mapping(case: Any) -> Mapping[str, Any]:
    return case if isinstance(case, Mapping) else {"parts": case if isinstance(case, list) else [case]}


def _case(values: Mapping[str, Any], number: int) -> Case:
    known = {"language", "bot", "kind", "expect", "parts", "level_dbov", "background", "after_ms"}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(unknown)}")
    if values["language"] not in ("zh", "en") or values["expect"] not in get_args(Expect):
        raise ValueError(f"language '{values['language']}', expect '{values['expect']}'")
    background = values.get("background")
    kind = str(values["kind"])
    return Case(
        id=f"{kind}-{values['language']}-{values['bot']}-{number}".replace(" ", "-"),
        language=values["language"],
        bot=str(values["bot"]),
        kind=kind,
        expect=cast(Expect, values["expect"]),
        parts=tuple(_part(part) for part in values["parts"]),
        level_dbov=None if values.get("level_dbov") is None else float(values["level_dbov"]),
        background=None if background is None else Background(str(background["clip"]), float(background["snr_db"])),
        after_ms=int(values.get("after_ms", 1500)),
    )


def _part(part: Any) -> Part:
    if isinstance(part, str | int):
        return part
    if isinstance(part, Mapping) and set(part) in PART_KEYS:
        return dict(part)
    raise ValueError(f"a part {part!r}")
