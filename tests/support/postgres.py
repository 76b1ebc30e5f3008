"""PostgreSQL, where it is installed: a server of the tests' own, and a database in it for each test that wants one.

Needs the server's programs (Debian: package postgresql) and the driver psycopg. It refuses to run as root, so then it
runs as the user that the package makes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_PACKAGED = Path("/usr/lib/postgresql")
_USER = "postgres"
_START_S = 30.0


def _programs() -> Path | None:
    """Return the folder of the server's programs, the newest; None if there is none that can be used."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(_PACKAGED.glob("*/bin"))
    usable = [folder for folder in folders if (folder / "initdb").is_file() and (folder / "postgres").is_file()]
    if not usable or importlib.util.find_spec("psycopg") is None:
        return None
    if os.geteuid() == 0 and not any(entry.pw_name == _USER for entry in pwd.getpwall()):
        return None
    return usable[-1]


PROGRAMS = _programs()
DATABASES = ("sqlite", "postgresql") if PROGRAMS is not None else ("sqlite",)
"""What tests of the database run on."""


class Postgres:
    """A running server.

    Args:
        folder: its Unix socket is in it.
        programs: folder of the server's programs.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._made: dict[str, str] = {}

    def url(self, name: str) -> str:
        """Return the URL of a database, which is made when its name is first heard."""
        if name not in self._made:
            self._made[name] = f"test{len(self._made)}"
            self.tell(f"CREATE DATABASE {self._made[name]} TEMPLATE template0")
        return f"postgresql+psycopg://{_USER}@/{self._made[name]}?host={self._folder}"

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections."""
        command = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        return subprocess.run(command, check=False).returncode == 0

    def tell(self, statement: str) -> None:
        """Carry out a statement as the server's master."""
        command = [str(self._programs / "psql"), "-h", str(self._folder), "-U", _USER, "-qXc", statement, "postgres"]
        subprocess.run(command, check=True, capture_output=True, text=True)


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a server, for as long as somebody wants it."""
    assert PROGRAMS is not None, "there is no PostgreSQL here"
    user = _USER if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        initdb = [str(PROGRAMS / "initdb"), "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([*initdb, "--locale=C"], check=True, capture_output=True, user=user, cwd=folder)
        # Nothing here has to survive the machine.
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        command = [str(PROGRAMS / "postgres"), "-D", str(data), *options]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, user=user, cwd=folder) as process:
            server = Postgres(folder, PROGRAMS)
            try:
                _wait_until_ready(server, process)
                yield server
            finally:
                process.send_signal(signal.SIGQUIT)  # at once, whoever is connected
                process.wait()


def _wait_until_ready(server: Postgres, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + _START_S
    while not server.is_ready:
        assert process.poll() is None, f"PostgreSQL ended with {process.returncode}"
        assert time.monotonic() < deadline_s, "PostgreSQL does not start"
        time.sleep(0.1)  # its socket is not there yet


class Chosen:
    """Which database the tests use at the moment."""

    server: Postgres | None = None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A server for all tests that want one."""
    with postgres() as server:
        yield server


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test on each database; settings that are made with ``storage_section`` go there."""
    Chosen.server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    yield request.param
    Chosen.server = None


def storage_section(data: Path) -> dict[str, str]:
    """Return the section ``storage`` of the settings for a test with its data in a folder."""
    return {} if Chosen.server is None else {"url": Chosen.server.url(str(data))}
