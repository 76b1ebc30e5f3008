from telephony.edge.table import FadingTable, call_key


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_keys_tell_call_id_and_tag_apart() -> None:
    assert call_key("ab", "c") != call_key("a", "bc")
    assert len(call_key("x" * 10_000, "")) == 16


def test_the_least_recently_used_goes_first() -> None:
    table: FadingTable[int] = FadingTable(2, 10.0, Clock())
    table.put(b"a", 1)
    table.put(b"b", 2)
    assert table.get(b"a") == 1
    table.put(b"c", 3)
    assert (table.get(b"a"), table.get(b"b"), table.get(b"c")) == (1, None, 3)


def test_entries_expire_unless_they_are_used() -> None:
    clock = Clock()
    table: FadingTable[int] = FadingTable(10, 10.0, clock)
    table.put(b"a", 1)
    table.put(b"b", 2)
    clock.now_s = 8.0
    assert table.get(b"a") == 1
    clock.now_s = 16.0
    assert (table.get(b"a"), table.get(b"b")) == (1, None)
    clock.now_s = 40.0
    table.put(b"c", 3)
    assert len(table) == 1
