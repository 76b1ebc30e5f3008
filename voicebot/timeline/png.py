"""SVG to PNG, by whichever program for that is installed."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from typing import Any

from voicebot.errors import TimelineError

ZOOM = 2
_TIMEOUT_S = 60.0
_HOW = (
    "to write PNG, install resvg-py (.venv/bin/pip install resvg-py) or rsvg-convert (Debian: "
    "sudo apt-get install librsvg2-bin); SVG needs neither"
)


def to_png(svg: str) -> bytes:
    """Return a picture as PNG, twice as large so that small letters stay sharp.

    Raises:
        TimelineError: nothing installed can do that, or it failed.
    """
    try:
        resvg: Any = importlib.import_module("resvg_py")
    except ImportError:
        return _by_rsvg(svg)
    try:
        return bytes(resvg.svg_to_bytes(svg_string=svg, zoom=ZOOM))
    except Exception as error:  # the library has no error type of its own
        raise TimelineError(f"the picture could not be made a PNG: {error}") from error


def lacks_han_font(svg: str) -> bool:
    """Tell whether a picture has Han characters and no font of this machine does, as far as fontconfig knows."""
    program = shutil.which("fc-list")
    if program is None or not re.search("[\u3400-\u9fff]", svg):
        return False
    done = subprocess.run([program, ":lang=zh", "family"], capture_output=True, timeout=_TIMEOUT_S, check=False)
    return done.returncode == 0 and not done.stdout.strip()


def _by_rsvg(svg: str) -> bytes:
    program = shutil.which("rsvg-convert")
    if program is None:
        raise TimelineError(_HOW)
    command = [program, "--zoom", str(ZOOM), "--format", "png", "--unlimited"]
    done = subprocess.run(command, input=svg.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise TimelineError(f"rsvg-convert failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
