from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.session import Session, SessionStore
from voicebot.dialogue.sessionids import SessionIds
from voicebot.errors import UnknownSessionError
from voicebot.protocol import ReplySource


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


def test_an_id_of_ours_that_is_over_is_told_from_one_of_the_client_s_own() -> None:
    clock = Clock()
    store = SessionStore(expiry_s=10, clock=clock, ids=SessionIds(b"secret"))
    ours = store.open("").id
    clock.now_s = 11
    with pytest.raises(UnknownSessionError) as caught:
        store.open(ours)
    assert (caught.value.field, caught.value.code) == ("sessionId", "unknown_session")
    with pytest.raises(UnknownSessionError):  # another bot of the same installation, or the same one after a restart
        SessionStore(ids=SessionIds(b"secret")).open(ours)
    assert SessionStore(ids=SessionIds(b"other")).open(ours).id == ours
    # The example of the page works as it stands.
    assert store.open("3_f7de7ec487694bc7bf2f64cf309cbd8d").id == "3_f7de7ec487694bc7bf2f64cf309cbd8d"


@given(st.text(max_size=40) | st.from_regex(r"3_[0-9a-f]{32}", fullmatch=True))
def test_no_id_that_we_did_not_make_is_ours(session_id: str) -> None:
    assert not SessionIds(b"a secret nobody knows").made(session_id)


def test_an_id_is_ours_whole_or_not_at_all() -> None:
    ids = SessionIds()
    made = ids.make()
    assert ids.made(made)
    for place in range(len(made)):
        changed = made[:place] + ("0" if made[place] != "0" else "1") + made[place + 1 :]
        assert not ids.made(changed)
    assert not ids.made(made.upper())
    assert not ids.made(made + "0")


def test_a_turn_can_be_undone() -> None:
    session = Session("x", node="a")
    session.take_turn("a", ("1", "2"))
    place = session.place()
    session.node, session.misses, session.silences = "b", 1, 1
    session.last_words += (("hello", ReplySource.FAQ),)
    session.take_turn("a", ("1", "2"))
    session.set_variable("name", "Ann")
    session.go_back(place)
    assert session.place() == place
    assert session.take_turn("a", ("1", "2")) == "2"
    assert session.variables == {"name": "Ann"}


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
