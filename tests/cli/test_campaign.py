from __future__ import annotations

import csv
from pathlib import Path

import pytest

from voicebot.campaigns.driver import Driver
from voicebot.campaigns.line import CallWatcher, DialOrder
from voicebot.campaigns.outcome import CallResult
from voicebot.cli.main import main
from voicebot.settings import Settings
from voicebot.storage.store import Storage

HOURS = "hours: {timezone: Asia/Shanghai, days: {every: ['00:00-24:00']}}"
PLAN = f"bot: appointment\n{HOURS}\nlimits: {{calls_per_second: 50}}\n"
LIST = "number,name\n13800138000,Ann\n12,Nobody\n13900139000,Ben\n"


class Line:
    """Takes every call; nobody answers at numbers with a 9."""

    room = 10

    async def dial(self, order: DialOrder, watcher: CallWatcher) -> CallResult:
        return CallResult(status=486) if "9" in order.number else CallResult(answered=True, status=200)


def campaign(data: Path, *arguments: str) -> int:
    return main(["campaign", *arguments, "--set", f"paths.data={data}"])


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    plan, numbers = tmp_path / "plan.yaml", tmp_path / "numbers.csv"
    plan.write_text(PLAN, encoding="utf-8")
    numbers.write_text(LIST, encoding="utf-8")
    return str(numbers), str(plan)


async def dial(data: Path) -> None:
    """Be the service for a moment."""
    settings = Settings.model_validate({"paths": {"data": data}})
    storage = Storage(settings)
    driver = Driver(storage, Line(), settings.dialling)
    await driver.turn()
    await driver.calls_ended()
    await driver.stop()
    storage.close()


async def test_from_the_list_to_the_report(
    tmp_path: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    numbers, plan = files
    assert campaign(tmp_path, "import", "autumn", numbers, "--plan", plan) == 1
    out = capsys.readouterr().out.splitlines()
    assert out == [
        f"{numbers}:3: there is no such number in the numbering plan of +86",
        "2 of 3 rows imported, 1 left out",
    ]
    assert campaign(tmp_path, "start", "autumn") == 0
    assert capsys.readouterr().out == "autumn: running\n"
    await dial(tmp_path)
    assert campaign(tmp_path, "status", "autumn") == 0
    status = capsys.readouterr().out.splitlines()
    assert status[:3] == [
        "autumn: running",
        "  1 of 2 numbers done, 0 being called, 1 waiting; 2 calls so far",
        "       1  answered",
    ]
    assert status[3].startswith("  expected to be done ")
    assert campaign(tmp_path, "pause", "autumn") == 0
    capsys.readouterr()
    assert campaign(tmp_path, "list") == 0
    assert capsys.readouterr().out == "autumn\tpaused\t1\t2\t-\n"
    report = tmp_path / "report.csv"
    assert campaign(tmp_path, "export", "autumn", "--output", str(report)) == 0
    with report.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["number"], row["outcome"], row["state"], row["name"], row["line"]) for row in csv.DictReader(file)]
    assert rows == [
        ("+8613800138000", "answered", "done", "Ann", "2"),
        ("+8613900139000", "busy", "waiting", "Ben", "4"),
    ]


def test_mistakes(tmp_path: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    numbers, plan = files
    for arguments, told in (
        (("status", "autumn"), "there is no campaign 'autumn'"),
        (("import", "autumn", numbers), "there is no campaign 'autumn'; with --plan FILE it is made"),
        (("import", "a/b", numbers, "--plan", plan), "the name of a campaign"),
        (("import", "autumn", numbers, "--plan", numbers), "a plan has keys and values"),
        (("import", "autumn", str(tmp_path / "none.csv"), "--plan", plan), "cannot be read"),
        (("import", "autumn", numbers, "--plan", plan), ""),
        (("export", "autumn", "--output", str(tmp_path)), f"{tmp_path}: cannot be written"),
        (("pause", "autumn"), "a campaign that is ready cannot pause"),
    ):
        assert campaign(tmp_path, *arguments) == 1
        assert told in capsys.readouterr().err


def test_a_plan_with_a_bot_that_is_not_there_makes_no_campaign(
    tmp_path: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    numbers, plan = files
    Path(plan).write_text(PLAN.replace("appointment", "apointment"), encoding="utf-8")
    assert campaign(tmp_path, "import", "autumn", numbers, "--plan", plan) == 2
    assert "there is no bot 'apointment'; the bots are: appointment, " in capsys.readouterr().err
    assert campaign(tmp_path, "list") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ("{timezone: UTC, days: {every: []}}", "  its hours leave no time to call all numbers within a year"),
        ("{timezone: UTC, days: {}, special_days: {2999-01-01: ['09:00-10:00']}}", "  its hours leave no time"),
    ],
)
def test_a_campaign_that_never_dials_says_so(
    tmp_path: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str], hours: str, told: str
) -> None:
    numbers, plan = files
    Path(plan).write_text(f"bot: appointment\nhours: {hours}\n", encoding="utf-8")
    campaign(tmp_path, "import", "autumn", numbers, "--plan", plan)
    assert campaign(tmp_path, "start", "autumn") == 0
    capsys.readouterr()
    assert campaign(tmp_path, "status", "autumn") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(told)


def test_a_plan_with_a_day_that_is_none(
    tmp_path: Path, files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    numbers, plan = files
    Path(plan).write_text(
        "bot: appointment\nhours: {timezone: Asia/Shanghai, holidays: [2026-13-01]}\n", encoding="utf-8"
    )
    assert campaign(tmp_path, "import", "autumn", numbers, "--plan", plan) == 1
    assert capsys.readouterr().err == f"error: {plan}: a value is none: month must be in 1..12\n"


async def test_a_call_is_followed_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["call", "13800138000", "--bot", "appointment", "--var", "name=Ann", "--set", f"paths.data={tmp_path}"]
    assert main([*arguments, "--no-wait"]) == 0
    await dial(tmp_path)
    capsys.readouterr()
    # Nobody is there to make the second one.
    assert main([*arguments, "--set", "dialling.max_wait_s=1"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "expired"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["call", "12", "--bot", "appointment", "--var", "name"], 2, "expected NAME=VALUE"),
        (["call", "1380", "--bot", "appointment", "--ring-timeout", "1"], 2, "expected 5 to 180 seconds"),
        (["call", "1380013800", "--bot", "appointment"], 1, "numbering plan"),
        (["call", "13800138000", "--bot", "nobody"], 2, "there is no bot 'nobody'"),
        (["call", "13800138000", "--bot", "appointment", "--from", "desk"], 2, "--from: expected 3 to 20 digits"),
    ],
)
def test_wrong_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, told: str
) -> None:
    assert main([*arguments, "--set", f"paths.data={tmp_path}"]) == status
    assert told in capsys.readouterr().err
