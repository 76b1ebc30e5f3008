"""Settings of the language model: none by default, else any endpoint with OpenAI's chat interface."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from voicebot.settings.section import Section


class LanguageModelSettings(Section):
    """The language model that bots with ``language_model`` in their file may ask."""

    base_url: str = ""
    """Endpoint ("http://127.0.0.1:8000/v1"); empty: there is no language model."""
    api_key: str = Field(default="", repr=False)
    model: str = ""
    """Name of the model, as the endpoint calls it."""
    temperature: float = Field(default=0.3, ge=0, le=2)
    max_tokens: int = Field(default=300, ge=16, le=8192)
    """Longest answer."""
    extra: dict[str, Any] = Field(default={}, repr=False)
    """More fields for each request, such as {"enable_thinking": false}."""
    connect_timeout_ms: int = Field(default=1000, ge=50)
    first_token_timeout_ms: int = Field(default=4000, ge=100)
    token_timeout_ms: int = Field(default=4000, ge=100)
    """Longest wait for the next piece of an answer that has begun."""
    total_timeout_ms: int = Field(default=20000, ge=500)
    """Longest answer, the tools that it uses included."""
    retries: int = Field(default=1, ge=0, le=5)
    """How often a request is tried again that got no answer at all."""
    breaker_failures: int = Field(default=5, ge=1, le=1000)
    """Failures in a row after which the model is left alone."""
    breaker_pause_s: float = Field(default=30.0, gt=0, le=3600)
    filler_after_ms: int = Field(default=1500, ge=0, le=10000)
    """Silence after which the bot says its filler; 0: never."""
    max_sentences: int = Field(default=4, ge=1, le=50)
    """The answer ends after so many sentences."""
    history_turns: int = Field(default=10, ge=0, le=50)
    """Turns of the conversation that the model is told."""
    tool_rounds: int = Field(default=3, ge=0, le=10)
    """How often in an answer the model may use tools."""
    tool_timeout_ms: int = Field(default=4000, ge=100, le=30000)
    rewrite: bool = False
    """Let the model complete short questions ("and on Sunday?") before documents are searched."""
    rewrite_timeout_ms: int = Field(default=800, ge=50, le=10000)
    on_trial: bool = False
    """Ask the model while the end of the caller's turn is waited for, too. A caller who goes on costs its tokens."""
    max_trials: int = Field(default=2, ge=1, le=100)
    """Requests on trial at a time, of all bots together."""
    busy_requests: int = Field(default=8, ge=1, le=1000)
    """With so many requests under way that callers wait for, there are none on trial."""
    withheld: list[str] = [
        *("*password*", "*passwd*", "*secret*", "*token*", "*pin", "*pin_code*", "dtmf*"),
        *("*id_card*", "*idcard*", "*id_number*", "*passport*", "*card_no*", "*card_number*", "*cvv*"),
        *("phone", "*phone_no*", "*phone_number*", "*mobile*"),
        *("*密码*", "*身份证*", "*卡号*", "*手机号*", "*电话号码*"),
    ]
    """Names of variables whose values the model is never told; * stands for anything."""

    @model_validator(mode="after")
    def _complete(self) -> LanguageModelSettings:
        if self.base_url and not self.model:
            raise ValueError("base_url needs model: the name of the model at that endpoint")
        return self
