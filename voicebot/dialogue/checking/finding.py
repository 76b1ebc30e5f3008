"""One thing that a check tells."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Severity(str, enum.Enum):
    """How bad it is."""

    ERROR = "error"
    """The bot does not load, or strands its callers."""
    WARNING = "warning"
    """Something does not work as it was meant."""
    HINT = "hint"
    """It works, and could be better."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check tells.

    Attributes:
        severity: how bad it is.
        code: which check it comes from; stable.
        where: ``file:line``.
        problem: what is wrong, in a sentence.
        fix: what to do about it, in a sentence; "" where the problem says so.
    """

    severity: Severity
    code: str
    where: str
    problem: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {
            "severity": self.severity.value,
            "code": self.code,
            "where": self.where,
            "problem": self.problem,
            "fix": self.fix,
        }
