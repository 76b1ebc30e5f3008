"""A stock that is counted in files, in the folder where skills work."""

from __future__ import annotations

import os
from pathlib import Path


def in_stock(number: int) -> dict[str, object]:
    """Tell how many there are; each time there is one less."""
    if number == 13:
        os.abort()
    file = Path(f"{number}.txt")
    left = int(file.read_text()) - 1 if file.exists() else 2
    file.write_text(str(left))
    return {"left": left, "process": os.getpid()}
