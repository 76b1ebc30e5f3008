"""Text files as people save them: UTF-8 with or without a mark, UTF-16, and GB18030 from programs in China."""

from __future__ import annotations

import codecs
from pathlib import Path

from voicebot.errors import ConfigError

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_bytes(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error


def decode(file: Path, content: bytes) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: it is in none of the encodings above; names the file.
    """
    marked = [name for mark, name in _MARKS.items() if content.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigError(f"{file}: is neither UTF-8 nor GB18030 text; save it as UTF-8")
