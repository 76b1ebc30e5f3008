"""Load settings: defaults, then a YAML file, then VOICEBOT_SECTION__KEY, then ``--set section.key=value``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from voicebot.errors import ConfigError
from voicebot.settings.model import Settings

ENV_PREFIX = "VOICEBOT_"
# Variables with the prefix that are not settings by path.
ENV_NAMES = {"VOICEBOT_API_KEY": "http.api_key"}
_SECRET_WORDS = ("password", "key", "token", "secret")
ENV_OTHER = frozenset({"VOICEBOT_SPEECH_DIR", "VOICEBOT_CONFIG"})


def load_settings(
    file: Path | None = None,
    overrides: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Merge the sources of settings, the later ones winning.

    Args:
        file: YAML file; None for none.
        overrides: ``section.key=value`` strings; the value is read as YAML.
        environ: environment variables to look at; None for none.

    Raises:
        ConfigError: names the source, the key and what is allowed.
    """
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if file is not None:
        tree = _read_file(file)
    for name, value in sorted((environ or {}).items()):
        key = _env_key(name)
        if key:
            _assign(tree, key, value, f"environment variable {name}")
            origins[key] = f"environment variable {name}"
    for text in overrides:
        key, separator, value = text.partition("=")
        if not separator:
            raise ConfigError(f"--set {text}: expected section.key=value")
        _assign(tree, key.strip(), value, f"--set {key.strip()}")
        origins[key.strip()] = f"--set {key.strip()}"
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_explain(error, file, origins)) from error


def _read_file(file: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text (byte {error.start})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "is not YAML"
        raise ConfigError(f"{file}{where}: {problem}") from error
    except ValueError as error:  # a date that is none, such as 2026-13-01
        raise ConfigError(f"{file}: a value is none: {error}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(f"{file}: expected sections such as 'sip:', found a {type(loaded).__name__}")
    return loaded


def _env_key(name: str) -> str | None:
    if name in ENV_NAMES:
        return ENV_NAMES[name]
    if not name.startswith(ENV_PREFIX) or name in ENV_OTHER or "__" not in name:
        return None
    return name[len(ENV_PREFIX) :].lower().replace("__", ".")


def _assign(tree: dict[str, Any], key: str, text: str, origin: str) -> None:
    parts = key.split(".")
    if len(parts) < 2 or not all(parts):
        raise ConfigError(f"{origin}: expected section.key, such as sip.port")
    node = tree
    for part in parts[:-1]:
        child = node.setdefault(part, {})
        if not isinstance(child, dict):
            raise ConfigError(f"{origin}: '{part}' is not a section")
        node = child
    try:
        node[parts[-1]] = text if key == "http.api_key" else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{origin}: the value is not YAML") from error


def _explain(error: ValidationError, file: Path | None, origins: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in problem["loc"])
        # A section that does not exist is reported by its own name, not by that of the key that was set in it.
        set_there = (origin for name, origin in origins.items() if name == key or name.startswith(f"{key}."))
        origin = next(set_there, str(file) if file else "settings")
        lines.append(f"{origin}: {key}: {_reason(problem['type'], problem['msg'], problem['input'], key)}")
    return "\n".join(lines)


def _reason(kind: str, message: str, value: object, key: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting"
    # A list or section may have a secret inside.
    secret = any(word in key for word in _SECRET_WORDS) or not isinstance(value, (str, int, float))
    shown = "" if secret or kind == "missing" else f" (got {value!r})"
    return message[:1].lower() + message[1:] + shown
