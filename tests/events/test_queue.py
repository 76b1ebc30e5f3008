from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.events.desk import EventDesk
from voicebot.events.event import ANSWERED, ENDED, CallEvent
from voicebot.events.queue import EventQueue, Waiting
from voicebot.settings.events import EventSettings


def event(at: str = "2026-11-21T10:00:00.000+00:00", kind: str = ENDED) -> CallEvent:
    return CallEvent(kind, "a@b", {"name": "王女士", "mos": 4.3}, at=at)


def test_what_was_put_is_there_for_another_process_the_oldest_first(tmp_path: Path) -> None:
    later, sooner = Waiting(event("2026-11-21T10:00:01.000+00:00")), Waiting(event(), attempts=2, due_s=5.5)
    for waiting in (later, sooner):
        EventQueue(tmp_path / "crm").put(waiting)
    queue = EventQueue(tmp_path / "crm")
    assert queue.waiting() == [sooner, later]
    queue.drop(sooner)
    queue.drop(sooner)
    assert queue.waiting() == [later]
    assert (tmp_path / "crm").stat().st_mode & 0o777 == 0o700


def test_a_failure_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    queue = EventQueue(tmp_path)
    first = Waiting(event())
    queue.put(first)
    queue.put(first.later(10.0, 100.0))
    assert queue.waiting() == [Waiting(first.event, 1, 110.0)]


def test_what_is_due_comes_the_oldest_first_and_a_part_at_a_time(tmp_path: Path) -> None:
    there, events = EventQueue(tmp_path), [event(f"2026-11-21T10:00:0{number}.000+00:00") for number in range(5)]
    for number, one in enumerate(reversed(events)):
        there.put(Waiting(one, due_s=50.0 if number == 0 else 5.0))
    queue = EventQueue(tmp_path)
    first, again_s = queue.due(10.0, 3)
    assert ([item.event for item in first], again_s) == (events[:3], 10.0)
    for item in first:
        queue.drop(item)
    [last], again_s = queue.due(10.0, 3)
    assert (last.event, again_s) == (events[3], 50.0)
    queue.put(last.later(20.0, 10.0))
    assert queue.due(10.0, 3) == ([], 30.0)
    assert queue.due(30.0, 3) == ([last.later(20.0, 10.0)], 50.0)
    queue.drop(last)
    there.put(Waiting(events[0], due_s=40.0))  # by another process
    assert queue.due(30.0, 3) == ([], 40.0)
    assert EventQueue(tmp_path / "none").due(0.0, 3) == ([], None)


def test_what_is_known_of_the_disk_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = EventQueue(tmp_path)
    for _ in range(5):
        queue.put(Waiting(event(), due_s=50.0))
    assert queue.due(10.0, 3) == ([], 50.0)
    read: list[str] = []
    really = Path.read_bytes

    def noted(path: Path) -> bytes:
        read.append(path.name)
        return really(path)

    monkeypatch.setattr(Path, "read_bytes", noted)
    assert queue.due(10.0, 3) == ([], 50.0)
    assert read == []
    assert len(queue.due(50.0, 3)[0]) == 3
    assert len(read) == 3


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"attempts": 0}', b'{"attempts": 1, "due_s": 0, "event": {}}'])
def test_what_cannot_be_read_is_put_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "x.json").write_bytes(content)
    (tmp_path / "half.part").write_bytes(b"half")
    assert EventQueue(tmp_path).waiting() == []
    assert "put aside" in caplog.text
    assert EventQueue(tmp_path).waiting() == []
    assert not (tmp_path / "x.json").exists()


def test_an_empty_queue_has_no_folder(tmp_path: Path) -> None:
    assert EventQueue(tmp_path / "none").waiting() == []


def test_endpoints_get_what_they_want_and_the_stream_gets_all(tmp_path: Path) -> None:
    settings = EventSettings.model_validate(
        {
            "webhooks": [
                {"name": "all", "url": "http://a/", "secret": "x"},
                {"name": "ends", "url": "http://b/", "secret": "x", "events": [ENDED]},
            ]
        }
    )
    told: list[str] = []
    desk = EventDesk(settings.webhooks, tmp_path, lambda what, values: told.append(values["type"]))
    desk.tell(ANSWERED, "a@b", {})
    desk.tell(ENDED, "a@b", {"mos": 4.0})
    waiting = {name: [item.event.kind for item in EventQueue(tmp_path / name).waiting()] for name in ("all", "ends")}
    assert waiting == {"all": [ANSWERED, ENDED], "ends": [ENDED]}
    assert told == [ANSWERED, ENDED]


def test_a_full_disk_is_told_and_the_call_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "crm").write_text("a file where the folder should be")
    settings = EventSettings.model_validate({"webhooks": [{"name": "crm", "url": "http://a/", "secret": "x"}]})
    told: list[str] = []
    EventDesk(settings.webhooks, tmp_path, lambda what, values: told.append(what)).tell(ENDED, "a@b", {})
    assert told == ["call_event"]
    assert "is lost" in caplog.text
