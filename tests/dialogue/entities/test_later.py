from __future__ import annotations

from voicebot.dialogue.entities import Entity, EntityKind, FoundLater


def test_the_search_waits_until_somebody_looks_and_is_done_once() -> None:
    searches = []
    number = Entity(EntityKind.NUMBER, "three", 0, 5, "3", "three", 1.0)

    def search() -> list[Entity]:
        searches.append("one more")
        return [number]

    found = FoundLater(search)
    assert not searches
    assert list(found) == [number]
    assert (len(found), found[0], found[:1]) == (1, number, [number])
    assert searches == ["one more"]
