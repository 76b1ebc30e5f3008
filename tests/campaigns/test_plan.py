"""The example plan, and plans as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.campaigns.plan import DEFAULT_RETRIES, Plan, parse_plan, read_plan
from voicebot.errors import PlanError

EXAMPLE = Path(__file__).parents[2] / "config/campaigns/example.yaml"


def test_the_example_shows_every_key_with_its_default() -> None:
    shown = read_plan(EXAMPLE)
    default = parse_plan({"bot": "appointment", "hours": {"timezone": "Asia/Shanghai"}})
    assert {name: getattr(shown, name) for name in Plan.model_fields if name not in ("hours", "retries")} == {
        name: getattr(default, name) for name in Plan.model_fields if name not in ("hours", "retries")
    }
    assert shown.hours.days == default.hours.days
    assert dict(shown.retries) == DEFAULT_RETRIES
    assert shown.model_fields_set == Plan.model_fields.keys()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"bot: [", "not YAML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"- bot", "keys and values"),
        (b"bot: x", "hours: Field required"),
    ],
)
def test_files_that_are_no_plan(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(content)
    with pytest.raises(PlanError, match=told):
        read_plan(file)
    with pytest.raises(PlanError, match="cannot be read"):
        read_plan(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("caller", ["01066661111", "[+8613800138000]", "{number: 10086}"])
def test_a_number_to_call_from_that_is_not_in_quotes(tmp_path: Path, caller: str) -> None:
    file = tmp_path / "plan.yaml"
    listed = caller if caller.startswith("[") else f"[{caller}]"
    file.write_text(f"bot: b\nhours: {{timezone: Asia/Shanghai}}\ncallers: {listed}\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"callers: a telephone number must be in quotes"):
        read_plan(file)


def test_a_day_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("bot: b\nhours: {timezone: Asia/Shanghai, holidays: [2026-13-01]}\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.yaml: a value is none"):
        read_plan(file)
