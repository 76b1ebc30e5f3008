"""What pip and npm are configured to use. The registries' addresses stand in their configuration, not in ours."""

from __future__ import annotations

import ast
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

Run = Callable[[Sequence[str]], str]
"""Runs a command and returns what it printed, or "" if it failed."""

_COMMAND_TIMEOUT_S = 30
_SECTIONS = ("global", "download", "install", ":env:")  # the later ones win, as in pip
_DEFAULT_INDEX = re.compile(r"--index-url\b.*?\(default\s+(https?://[^\s)]+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PipConfiguration:
    """Where pip looks for packages.

    Attributes:
        indexes: addresses of simple indexes, the first asked first.
        find_links: directories, files or addresses with links to packages.
        ca_file: certificates to trust; "" for the default.
    """

    indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    ca_file: str = ""


def run_command(command: Sequence[str]) -> str:
    """Run a command without input and return its standard output; "" if it fails."""
    # A wide terminal keeps pip from breaking an address over two lines.
    environment = {**os.environ, "COLUMNS": "500", "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_S,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.debug("%s failed: %s", command[0], error)
        return ""
    return done.stdout if done.returncode == 0 else ""


def pip_configuration(run: Run = run_command, environ: Mapping[str, str] | None = None) -> PipConfiguration:
    """Ask pip for its configuration, and for its built-in index if none is configured.

    Args:
        run: runs pip.
        environ: environment variables; None: those of this process.
    """
    variables = os.environ if environ is None else environ
    pip = [sys.executable, "-m", "pip"]
    values = _parse_config(run([*pip, "config", "list"]))
    for option in ("index-url", "extra-index-url", "find-links", "cert", "no-index"):
        value = variables.get("PIP_" + option.upper().replace("-", "_"))
        if value:
            values[option] = value
    indexes = values.get("extra-index-url", "").split()
    if values.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        indexes = []
    else:
        main = values.get("index-url", "").strip() or _built_in_index(run([*pip, "install", "--help"]))
        indexes = [main, *indexes] if main else indexes
    return PipConfiguration(
        indexes=tuple(index.rstrip("/") for index in indexes),
        find_links=tuple(values.get("find-links", "").split()),
        ca_file=values.get("cert", ""),
    )


def npm_registry(
    run: Run = run_command, environ: Mapping[str, str] | None = None, files: Sequence[Path] | None = None
) -> str:
    """Return the address of the npm registry this machine uses, or "" if it cannot be told.

    Args:
        run: runs npm, if it is installed.
        environ: environment variables; None: those of this process.
        files: npmrc files to read; None: the user's and the system's.
    """
    variables = os.environ if environ is None else environ
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if variables.get(name):
            return variables[name].rstrip("/")
    for file in [Path.home() / ".npmrc", Path("/etc/npmrc")] if files is None else files:
        registry = _npmrc_registry(file)
        if registry:
            return registry.rstrip("/")
    npm = shutil.which("npm", path=variables.get("PATH"))
    address = run([npm, "config", "get", "registry"]).strip() if npm else ""
    return address.rstrip("/") if address.startswith(("http://", "https://")) else ""


def _parse_config(text: str) -> dict[str, str]:
    """Read the lines of ``pip config list``: ``section.option='value'``."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in text.splitlines():
        name, _, quoted = line.partition("=")
        section, _, option = name.strip().rpartition(".")
        if section not in found:
            continue
        try:
            value = ast.literal_eval(quoted.strip())
        except (ValueError, SyntaxError):
            continue
        found[section][option] = str(value)
    return {option: value for section in _SECTIONS for option, value in found[section].items()}


def _built_in_index(help_text: str) -> str:
    match = _DEFAULT_INDEX.search(help_text)
    return match[1] if match else ""


def _npmrc_registry(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and name.strip() == "registry":
            return value.strip().strip("\"'")
    return ""
