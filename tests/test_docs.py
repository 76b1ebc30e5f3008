"""The documentation: its links lead somewhere, its commands and settings exist, and both languages say the same."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import textwrap
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from voicebot.cli.main import COMMANDS, _parser
from voicebot.dialogue.botfile import load_bot
from voicebot.dialogue.expression import parse_expression
from voicebot.settings import Settings, load_settings
from voicebot.skills.runner import BotSkills

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("config/**/*.md")])
PAIRS = [(page, page.with_suffix(".zh-CN.md")) for page in PAGES if page.with_suffix(".zh-CN.md").is_file()]

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Where the project was made or fetched from is nobody's business; hosts of package registries are the user's choice.
_FORBIDDEN = re.compile(
    r"(?<![\w.:/])/(?:work|home|root|mnt/data)/|py" r"pi\.(?:org|python)|npm" r"js\.(?:org|com)", re.I
)


def identify(page: object) -> str:
    return str(page.relative_to(ROOT)) if isinstance(page, Path) else ""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(page: Path) -> str:
    return _FENCE.sub("", text_of(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(without_code(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_nothing_is_said_that_is_true_on_one_machine_only(page: Path) -> None:
    assert not _FORBIDDEN.search(text_of(page))


def linked_pages(page: Path, but: str) -> set[str]:
    """Return the pages and files that a page links to, those of the other language by their English names."""
    paths = (link.partition("#")[0].replace(".zh-CN.md", ".md") for link in _LINK.findall(without_code(page)))
    return {re.sub(r"-(?:en|zh)\.svg$", ".svg", path) for path in paths} - {but, ""}


def test_every_page_that_is_for_users_is_there_in_both_languages() -> None:
    english = {page for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")] if ".zh-CN" not in page.name}
    assert english == {page for page, _ in PAIRS}


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=identify)
def test_both_languages_link_to_each_other(english: Path, chinese: Path) -> None:
    for page, other in ((english, chinese), (chinese, english)):
        assert f"]({other.name})" in text_of(page).splitlines()[2]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=identify)
def test_both_languages_link_to_the_same_pages(english: Path, chinese: Path) -> None:
    assert linked_pages(english, english.name) == linked_pages(chinese, english.name)


def test_figures_that_commands_write_are_in_the_english_pages_alone() -> None:
    marked = [chinese.name for _, chinese in PAIRS if re.search(r"<!-- .+: (?:begin|end) -->", text_of(chinese))]
    assert not marked


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=identify)
def test_both_languages_have_the_same_sections(english: Path, chinese: Path) -> None:
    levels = [re.findall(r"^(#+) ", without_code(page), re.MULTILINE) for page in (english, chinese)]
    assert levels[0] == levels[1]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=identify)
def test_both_languages_show_the_same_commands(english: Path, chinese: Path) -> None:
    shown = [[word.split("#")[0].strip() for word in commands(page)] for page in (english, chinese)]
    assert shown[0] == shown[1]


# --- commands


def commands(page: Path) -> list[str]:
    """Return the lines of a page's examples that call voicebot, make or a script of ours."""
    lines = [
        line.strip() for language, block in _FENCE.findall(text_of(page)) if not language for line in block.splitlines()
    ]
    lines = [re.sub(r"^[A-Z_]+=\S+ ", "", line) for line in lines]
    return [
        line for line in lines if re.match(r"(?:\.venv/bin/)?voicebot |make |scripts/|\.venv/bin/python scripts/", line)
    ]


def mentioned(page: Path) -> set[str]:
    """Return the subcommands that a page names, in the text as well."""
    return set(re.findall(r"`(?:\.venv/bin/)?voicebot ([a-z]+)", text_of(page)))


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_named_subcommands_exist(page: Path) -> None:
    assert mentioned(page) <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_examples_of_voicebot_are_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in commands(page):
        if "voicebot " not in line or line.startswith("make"):
            continue
        words = shlex.split(line, comments=True)[1:]
        try:
            assert isinstance(_parser(words).parse_args(words), argparse.Namespace)
        except SystemExit:
            pytest.fail(f"{line}: {capsys.readouterr().err}")


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_examples_of_make_and_scripts_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for line in commands(page):
        first, *rest = line.removeprefix(".venv/bin/python ").split()
        if first == "make":
            assert rest[0] in targets, f"make has no target {rest[0]}"
        elif first.startswith("scripts/"):
            assert (ROOT / first).is_file(), f"there is no {first}"


def test_make_help_names_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.search(r"^\.PHONY: (.+)$", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert phony is not None
    assert re.findall(r"^make (\w+)", done.stdout, re.MULTILINE) == phony[1].split()


# --- settings


def settings_by_key(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting with its dotted key; the entries of a list are written ``lines[].name``."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        entry = (typing.get_args(kind) or (None,))[0]
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_by_key(kind, f"{prefix}{name}.")
        elif isinstance(entry, type) and issubclass(entry, BaseModel):
            yield from settings_by_key(entry, f"{prefix}{name}[].")
        else:
            yield prefix + name, field


def shown_default(field: FieldInfo, required: str) -> str:
    if field.default is PydanticUndefined:
        return required
    plain = str(field.default) if isinstance(field.default, Path) else field.default
    return f"`{json.dumps(plain, ensure_ascii=False)}`"


@pytest.mark.parametrize(("name", "required"), [("configuration.md", "required"), ("configuration.zh-CN.md", "必填")])
def test_the_documented_settings_are_the_settings(name: str, required: str) -> None:
    rows = re.findall(r"^\| `([\w.\[\]]+)` \| (.+?) \| .+ \| .+ \|$", text_of(ROOT / "docs" / name), re.MULTILINE)
    expected = [(key, shown_default(field, required)) for key, field in settings_by_key(Settings)]
    assert sorted(rows) == sorted(expected)


def test_the_settings_file_shows_every_default() -> None:
    shown = yaml.safe_load(text_of(ROOT / "config/voicebot.yaml"))
    assert load_settings(ROOT / "config/voicebot.yaml") == Settings()
    for key, _ in settings_by_key(Settings):
        section, *rest = key.split(".")
        if "[]" in key:
            continue
        node = shown[section]
        for part in rest:
            assert part in node, f"config/voicebot.yaml does not show {key}"
            node = node[part]


# --- what the pages show


def examples(name: str, language: str, containing: str = "") -> list[str]:
    blocks = _FENCE.findall(text_of(ROOT / "docs" / name))
    return [block for kind, block in blocks if kind == language and containing in block]


@pytest.mark.parametrize("name", ["build-a-bot.md", "build-a-bot.zh-CN.md"])
def test_the_bots_of_the_tutorial_are_bots(name: str, tmp_path: Path) -> None:
    bots = examples(name, "yaml", "nodes:")
    assert len(bots) == 2
    for number, block in enumerate(bots):
        file = tmp_path / f"library{number}" / "bot.yaml"
        file.parent.mkdir()
        file.write_text(block, encoding="utf-8")
        assert "greeting" in load_bot(file).nodes


@pytest.mark.parametrize("name", ["build-a-bot.md", "build-a-bot.zh-CN.md"])
async def test_the_conditions_and_skills_of_the_tutorial_work(name: str, tmp_path: Path) -> None:
    whole_bot = examples(name, "yaml", "nodes:")[1]
    nodes = [
        block for block in examples(name, "yaml") if re.search(r"^\s+(?:- )?(?:if|set|skill):", block, re.MULTILINE)
    ]
    assert len(nodes) == 5
    missing = [f"{node}: {{say: ., goto: goodbye}}\n" for node in ("too_many", "cannot_look_up", "not_known_yet")]
    text = whole_bot.replace("nodes:\n", "nodes:\n" + textwrap.indent("".join(nodes + missing), "  "))
    (remote,) = examples(name, "yaml", "skills:\n")
    (function,) = examples(name, "python")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "cards.py").write_text(function, encoding="utf-8")
    (tmp_path / "bot.yaml").write_text(text + remote, encoding="utf-8")
    bot = load_bot(tmp_path / "bot.yaml")
    assert [branch.goto for branch in bot.nodes["look_up_card"].branches] == ["ask_card", "too_many"]
    assert bot.skills["opening_hours"].parameters_schema["required"] == ["branch"]
    skills = BotSkills(bot.skills, tmp_path / "home")
    try:
        assert await skills.run("card_status", {"card": "12 34"}, 10.0) == {"found": False}
    finally:
        await skills.close()


@pytest.mark.parametrize("name", ["build-a-bot.md", "build-a-bot.zh-CN.md"])
def test_every_kind_of_condition_in_the_tutorial_is_one(name: str) -> None:
    shown = re.findall(r"`([^`\n]+)`", without_code(ROOT / "docs" / name))
    conditions = [text for text in shown if re.search(r" (?:==|!=|>|is|in|contains) ", text)]
    assert len(conditions) == 12
    for text in conditions:
        assert parse_expression(text, pytest.fail).holds(lambda _name: "") in (True, False)


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_yaml_examples_of_settings_are_settings(page: Path, tmp_path: Path) -> None:
    for kind, block in _FENCE.findall(text_of(page)):
        if kind == "yaml" and re.match(r"(?:sip|lines):", block):
            file = tmp_path / "voicebot.yaml"
            file.write_text(block, encoding="utf-8")
            assert load_settings(file) != Settings()


@pytest.mark.parametrize("what", ["turn", "query", "calls"])
def test_the_figures_of_the_bench_have_their_place(what: str) -> None:
    lines = text_of(ROOT / "docs/performance.md").splitlines()
    begin, end = f"<!-- bench {what}: begin -->", f"<!-- bench {what}: end -->"
    assert lines.count(begin) == lines.count(end) == 1
    assert lines.index(begin) < lines.index(end)


def test_every_locked_package_is_named_with_its_licence() -> None:
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==", text_of(ROOT / "requirements.lock"), re.MULTILINE))
    named = set(re.findall(r"^\| ([\w.-]+) \| \S.* \| .*\|$", text_of(ROOT / "THIRD_PARTY.md"), re.MULTILINE))
    assert locked <= named


def test_every_clip_of_the_demo_is_attributed() -> None:
    demo = ROOT / "config/demo"
    clips = {str(clip.relative_to(demo)) for clip in demo.glob("*/*.wav")}
    assert clips == set(re.findall(r"^\| `([\w/]+\.wav)` \|", text_of(demo / "ATTRIBUTION.md"), re.MULTILINE))
