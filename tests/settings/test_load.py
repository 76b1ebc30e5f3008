"""Settings: which source wins, and what a wrong one is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from voicebot.errors import ConfigError
from voicebot.settings import Settings, load_settings
from voicebot.settings.section import Section


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bot.yaml"


def message(file: Path | None = None, overrides: tuple[str, ...] = (), environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(file, overrides, environ)
    return caught.value.message


def test_without_sources_there_are_the_defaults() -> None:
    settings = load_settings()
    assert settings == Settings()
    assert (settings.sip.host, settings.sip.port, settings.http.host, settings.http.port) == (
        "127.0.0.1",
        5060,
        "127.0.0.1",
        8080,
    )


def test_later_sources_win(file: Path) -> None:
    file.write_text("sip: {port: 1, rtp_port: 2, max_calls: 3, host: file}", encoding="utf-8")
    environ = {
        "VOICEBOT_SIP__RTP_PORT": "20",
        "VOICEBOT_SIP__MAX_CALLS": "30",
        "HOME": "/x",
        "VOICEBOT_SPEECH_DIR": "y",
    }
    sip = load_settings(file, ["sip.max_calls=300"], environ).sip
    assert (sip.host, sip.port, sip.rtp_port, sip.max_calls) == ("file", 1, 20, 300)


def test_the_last_override_wins() -> None:
    assert load_settings(None, ["sip.port=1", "sip.port=2"]).sip.port == 2


def test_a_language_that_is_left_out_keeps_its_default(file: Path) -> None:
    file.write_text("conversation: {apology: {en: Pardon me.}}", encoding="utf-8")
    settings = load_settings(file, ["speech.synthesiser.voices.zh=kokoro-zh", "conversation.goodbye.zh=再见"])
    default = Settings()
    assert settings.conversation.apology == {"zh": default.conversation.apology["zh"], "en": "Pardon me."}
    assert settings.conversation.goodbye == {"zh": "再见", "en": default.conversation.goodbye["en"]}
    assert settings.speech.synthesiser.voices == {"zh": "kokoro-zh", "en": "auto"}


def test_values_are_read_as_yaml() -> None:
    settings = load_settings(None, ["recording.enabled=yes", "sip.codecs=[G722]", "speech.vad.end_of_speech_ms=900"])
    assert settings.recording.enabled is True
    assert settings.sip.codecs == ["G722"]
    assert settings.speech.vad.end_of_speech_ms == 900


def test_the_api_key_has_a_short_name_and_stays_text() -> None:
    assert load_settings(None, (), {"VOICEBOT_API_KEY": "0123"}).http.api_key == "0123"
    assert load_settings(None, ["http.api_key=0123"], {"VOICEBOT_API_KEY": "x"}).http.api_key == "0123"


def test_a_list_of_sections_comes_from_the_file(file: Path) -> None:
    file.write_text("lines: [{name: a, brain_url: 'https://brain.example/q'}]", encoding="utf-8")
    assert [line.name for line in load_settings(file).lines] == ["a"]


def test_an_empty_file_changes_nothing(file: Path) -> None:
    file.write_text("# only a comment\n", encoding="utf-8")
    assert load_settings(file) == Settings()


def test_a_wrong_value_in_a_file_names_file_key_and_limits(file: Path) -> None:
    file.write_text("speech: {vad: {aggressiveness: 7}}", encoding="utf-8")
    expected = f"{file}: speech.vad.aggressiveness: input should be less than or equal to 3 (got 7)"
    assert message(file) == expected


def test_a_wrong_choice_names_the_choices() -> None:
    told = message(overrides=("sip.transfer.mode=maybe",))
    choices = "'attended', 'blind' or 'bridge'"
    assert told == f"--set sip.transfer.mode: sip.transfer.mode: input should be {choices} (got 'maybe')"


def test_a_wrong_value_in_the_environment_names_the_variable() -> None:
    told = message(environ={"VOICEBOT_HTTP__PORT": "many"})
    assert told.startswith("environment variable VOICEBOT_HTTP__PORT: http.port: ")
    assert "integer" in told


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sip.prot", "sip.prot"),
        ("spi.port", "spi"),
        ("spi.transfer.mode", "spi"),
        ("speech.vad.agressiveness", "speech.vad.agressiveness"),
    ],
)
def test_a_misspelt_setting_is_not_passed_over(key: str, told: str) -> None:
    assert message(overrides=(f"{key}=1",)) == f"--set {key}: {told}: there is no such setting"


def test_a_missing_key_of_a_list_entry_is_named(file: Path) -> None:
    file.write_text("sip: {accounts: [{registrar: 'sip:pbx', username: me}]}", encoding="utf-8")
    assert message(file) == f"{file}: sip.accounts.0.password: field required"


def test_every_problem_gets_a_line(file: Path) -> None:
    file.write_text("sip: {port: -1}\nhttp: {port: 70000}\n", encoding="utf-8")
    assert len(message(file).splitlines()) == 2


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("sip.port", "expected section.key=value"),
        ("port=1", "expected section.key, such as sip.port"),
        ("sip..port=1", "expected section.key"),
        ("sip.port=[", "the value is not YAML"),
        ("dialling.holidays=[2026-13-01]", "the value is not YAML"),
        ("sip.port.x=1", "sip.port"),
    ],
)
def test_a_malformed_override(override: str, told: str) -> None:
    assert told in message(overrides=(override,))


def test_a_section_that_is_a_value_in_the_file(file: Path) -> None:
    file.write_text("sip: 5060", encoding="utf-8")
    assert message(file, ("sip.port=1",)) == "--set sip.port: 'sip' is not a section"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"sip: {port: 1", ":1: "),
        (b"sip:\n\tport: 1\n", ":2: "),
        (b"- a\n- b\n", ": expected sections such as 'sip:', found a list"),
        (b"hello", "found a str"),
        (b"sip: \xff", "is not UTF-8 text (byte 5)"),
        (b"dialling: {holidays: [2026-13-01]}", "a value is none: month must be in 1..12"),
    ],
    ids=["open bracket", "tab", "list", "text", "encoding", "day"],
)
def test_a_file_that_is_no_settings_file(file: Path, body: bytes, told: str) -> None:
    file.write_bytes(body)
    reason = message(file)
    assert reason.startswith(str(file))
    assert told in reason


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert message(tmp_path / "none.yaml") == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"
    assert message(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


SECRETS = [
    ("http.api_key", "http: {api_key: [S3CRET]}"),
    ("sip.accounts.0.password", "sip: {accounts: [{registrar: r, username: u, password: [S3CRET]}]}"),
    ("lines.0.brain_token", "lines: [{name: n, brain_token: [S3CRET]}]"),
    ("lines", "lines: {name: n, brain_token: S3CRET}"),
]


@pytest.mark.parametrize(("key", "text"), SECRETS)
def test_an_error_never_shows_a_secret(file: Path, key: str, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    told = message(file)
    assert key in told
    assert "S3CRET" not in told


def test_printed_settings_never_show_a_secret(file: Path) -> None:
    file.write_text(
        "http: {api_key: S3CRET}\n"
        "lines: [{name: n, brain_token: S3CRET}]\n"
        "sip: {accounts: [{registrar: r, username: u, password: S3CRET}]}\n",
        encoding="utf-8",
    )
    settings = load_settings(file)
    assert settings.http.api_key == settings.lines[0].brain_token == settings.sip.accounts[0].password == "S3CRET"
    assert "S3CRET" not in repr(settings)
    assert "S3CRET" not in str(settings)


def _sections(node: BaseModel) -> list[BaseModel]:
    inner = [value for value in node.__dict__.values() if isinstance(value, BaseModel)]
    return [node, *(section for value in inner for section in _sections(value))]


def test_every_section_is_frozen_and_refuses_unknown_keys() -> None:
    for section in _sections(Settings()):
        assert isinstance(section, Section)
        with pytest.raises(ValueError, match="frozen"):
            setattr(section, next(iter(type(section).model_fields)), None)


@given(
    st.dictionaries(
        st.sampled_from(["sip", "http", "speech", "lines", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["port", "vad", "name"]), inner)
            ),
            max_leaves=5,
        ),
    )
)
def test_any_yaml_is_settings_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, tree: dict[str, Any]) -> None:
    file = tmp_path_factory.mktemp("any") / "s.yaml"
    file.write_text(repr(tree).replace("None", "null").replace("True", "true").replace("False", "false"), "utf-8")
    try:
        settings = load_settings(file)
    except ConfigError:
        return
    assert isinstance(settings, Settings)


def _choices(section: type[BaseModel], path: str = "") -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield all settings that are a choice of words, with the words."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _choices(field.annotation, f"{path}{name}.")
        elif get_origin(field.annotation) is Literal:
            yield f"{path}{name}", get_args(field.annotation)


ON_AND_OFF = [(path, words) for path, words in _choices(Settings) if {"on", "off", "yes", "no"} & set(words)]


def test_the_settings_that_can_be_off_are_known() -> None:
    assert {path for path, _ in ON_AND_OFF} >= {"bots.reload", "speech.recogniser.hot_words"}


@pytest.mark.parametrize(("path", "words"), ON_AND_OFF, ids=[path for path, _ in ON_AND_OFF])
@pytest.mark.parametrize("word", ["off", "on", '"off"', "no", "Yes"])
def test_a_bare_on_or_off_is_a_word_and_no_boolean(path: str, words: tuple[object, ...], word: str) -> None:
    value: Any = load_settings(None, [f"{path}={word}"])
    for part in path.split("."):
        value = getattr(value, part)
    if word in ("on", "Yes"):
        assert value in words
        assert value != "off"
    else:
        assert value == "off"
