"""What all groups of settings have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

Port = Annotated[int, Field(ge=0, le=65535)]
Language = Literal["zh", "en"]


class Section(BaseModel):
    """A group of settings. Unknown keys are errors: a typing mistake must not pass for a setting."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def complete_languages(cls: type[BaseModel], value: dict[Language, str], info: ValidationInfo) -> dict[Language, str]:
    """Let a language that was left out keep its default."""
    default: dict[Language, Any] = cls.model_fields[str(info.field_name)].default
    return {**default, **value}


def switch(*, on: str, off: str) -> BeforeValidator:
    """Return what lets a choice of words take true and false, too: YAML 1.1 makes them of a bare on and off.

    Args:
        on: the word that "on" and "yes" stand for.
        off: the word that "off" and "no" stand for.
    """

    def word(value: object) -> object:
        return (on if value else off) if isinstance(value, bool) else value

    return BeforeValidator(word)
