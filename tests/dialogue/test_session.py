from __future__ import annotations

from voicebot.dialogue.session import Session, SessionStore


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_ids() -> None:
    store = SessionStore()
    made = store.open("")
    assert made.id.startswith("3_")
    assert len(made.id) == 34
    assert store.open(made.id) is made
    assert store.open("own").id == "own"
    assert store.open("").id != made.id


def test_sessions_expire_when_not_used() -> None:
    clock = Clock()
    store = SessionStore(expiry_s=10, clock=clock)
    kept, lost = store.open("kept"), store.open("lost")
    clock.now_s = 9
    assert store.open("kept") is kept
    clock.now_s = 12
    assert store.open("kept") is kept
    assert len(store) == 1
    assert store.open("lost") is not lost


def test_the_one_not_used_for_longest_goes_when_there_are_too_many() -> None:
    store = SessionStore(max_sessions=2)
    first, second = store.open("1"), store.open("2")
    assert store.open("1") is first
    store.open("3")
    assert len(store) == 2
    assert store.open("1") is first
    assert store.open("2") is not second


def test_a_client_cannot_fill_the_memory() -> None:
    session = Session("x")
    for number in range(1000):
        session.set_variable(f"v{number}", "x" * 10_000)
    assert len(session.variables) == 200
    assert sum(map(len, session.variables.values())) == 400_000
    session.set_variable("v0", "new")
    assert session.variables["v0"] == "new"
