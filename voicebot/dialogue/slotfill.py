"""What an utterance gives to the slots of a node: which value is for which slot, and whether it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time

from voicebot.dialogue import slotmoments
from voicebot.dialogue.entities import NEGATED, Entity, EntityKind, find_entities
from voicebot.dialogue.marks import read_clock
from voicebot.dialogue.slotmoments import SaidMoments, moments_in
from voicebot.dialogue.slotrules import refusal
from voicebot.dialogue.slots import ENTITY_KINDS, Filling, Rule, Slot, SlotKind, SlotValue, Wanted
from voicebot.dialogue.wording import asks, normalise

_MOMENTS = (SlotKind.DATE, SlotKind.TIME, SlotKind.DATETIME)
_SAID_ON_THE_WAY = (SlotKind.YES_NO, SlotKind.TEXT)
"""Words that are said with everything: they do not correct a slot that is filled."""
_CLOCK_RULES = (Rule.EARLIEST, Rule.LATEST, Rule.BETWEEN)
_JOINED = 0.7
_VALUES = {
    SlotKind.NUMBER: EntityKind.NUMBER,
    SlotKind.MONEY: EntityKind.MONEY,
    SlotKind.PERCENT: EntityKind.PERCENT,
    SlotKind.DURATION: EntityKind.DURATION,
    SlotKind.YES_NO: EntityKind.YES_NO,
}


def fill(wanted: Wanted, text: str, language: str) -> Filling:
    """Return what an utterance gives to some slots. Pure: the same for the same words, variables and time.

    A slot that is filled takes another value if the caller says one: a correction. Of several slots of one kind those
    without a value come first.
    """
    if not wanted.slots or not text.strip():
        return Filling()
    return _Filler(wanted, text, language).result()


@dataclass(slots=True)
class _Filler:
    wanted: Wanted
    text: str
    language: str
    values: dict[str, SlotValue] = field(default_factory=dict)
    rejected: dict[str, Rule] = field(default_factory=dict)
    vague: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    repeated: bool = False
    used: list[tuple[int, int]] = field(default_factory=list)

    def result(self) -> Filling:
        entities = self._entities()
        meant = [entity for entity in entities if entity.confidence > NEGATED]
        moments = moments_in(entities, self.language, self.wanted.now)
        missing = self.wanted.missing
        for slot in [*missing, *(slot for slot in reversed(self.wanted.slots) if slot not in missing)]:
            if slot not in missing and slot.kind in _SAID_ON_THE_WAY:
                continue
            if slot.kind in _MOMENTS:
                self._moment(slot, moments)
            else:
                self._other(slot, meant)
        self._look_again()
        if any(slot.kind in _MOMENTS for slot in self.wanted.slots):
            self.used += [(entity.start, entity.end) for entity in meant if _is_moment(entity)]
        in_order = {slot.name: self.values[slot.name] for slot in self.wanted.slots if slot.name in self.values}
        return Filling(
            *(in_order, self.rejected, self.vague, self.parts),
            unchanged=self.repeated and not (self.values or self.rejected or self.vague),
            coverage=self._coverage(),
            fallback=self._all_words(),
            entities=tuple(entities),
        )

    def _entities(self) -> list[Entity]:
        slots = self.wanted.slots
        kinds = {kind for slot in slots for kind in ENTITY_KINDS[slot.kind]}
        if EntityKind.CODE in kinds and not any(slot.rules.letters for slot in slots):
            kinds.remove(EntityKind.CODE)
        names = {
            slot.name: [each for name, others in slot.names.items() for each in (name, *others)]
            for slot in slots
            if slot.names
        }
        return find_entities(self.text, self.language, self.wanted.now, kinds, names)

    def _all_words(self) -> dict[str, SlotValue]:
        missing = self.wanted.missing
        if not missing or missing[0].kind is not SlotKind.TEXT or self.wanted.correcting:
            return {}
        words = self.text.strip().rstrip("\u3002.")
        return {missing[0].name: SlotValue(words, words)}

    # --- days and times

    def _moment(self, slot: Slot, said: SaidMoments) -> None:
        said = self._without_asides(slot, said)
        if slot.kind is SlotKind.DATE:
            found = self._next(slot, said.days)
            if found is not None:
                self._offer(slot, found)
            elif self._is_open(slot, said) and not self._others_of(slot):
                self._half(slot, said.day_range)
        elif slot.kind is SlotKind.TIME:
            self._time(slot, said)
        else:
            self._day_and_time(slot, said)

    def _without_asides(self, slot: Slot, said: SaidMoments) -> SaidMoments:
        """Leave out days that are over in a question: "how was the match yesterday" is no answer."""
        earliest = slot.rules.earliest.day_at(self.wanted.now) if slot.rules.earliest is not None else None
        if earliest is None or not asks(normalise(self.text), self.language):
            return said
        first = min(earliest, self.wanted.today)
        return replace(said, days=[day for day in said.days if date.fromisoformat(day.value[:10]) >= first])

    def _time(self, slot: Slot, said: SaidMoments) -> None:
        if said.time_range and self._misses(slot):
            self._half(slot, said.time_range)
            return
        found = self._next(slot, said.times)
        if found is not None:
            part = "" if said.part else self._part(slot)
            self._offer(slot, self._spoken(slotmoments.in_known_part(found, part)))
        elif said.part and self._misses(slot):
            self._half(slot, said.part_words, said.part)

    def _day_and_time(self, slot: Slot, said: SaidMoments) -> None:
        day, clock = self._day_known(slot, said), self._time_known(slot, said)
        if not (said.days or said.times):
            words = said.day_range or said.part_words
            if words and self._misses(slot):
                self._half(slot, words, f"|{said.part}" if said.part else "")
        elif said.days and clock is None:
            self._half(
                slot, said.part_words or said.day_words or said.days[0].spoken, f"{said.days[0].value}|{said.part}"
            )
        elif clock is not None:
            day = day or slotmoments.next_day_with(clock, self.language, self.wanted.now)
            self._offer(slot, slotmoments.joined(day, clock, self.language))

    def _day_known(self, slot: Slot, said: SaidMoments) -> SlotValue | None:
        """Return the day of this utterance, or of an earlier one that had no time."""
        if said.days:
            return said.days[0]
        earlier = self.wanted.known.get(slot.value_name, "") or self._part(slot).partition("|")[0]
        return slotmoments.day_of(earlier, self.language, self.wanted.now) if earlier else None

    def _time_known(self, slot: Slot, said: SaidMoments) -> SlotValue | None:
        if said.times:
            part = "" if said.part else self._part(slot).partition("|")[2]
            return self._spoken(slotmoments.in_known_part(said.times[0], part))
        earlier = self.wanted.known.get(slot.value_name, "")
        return slotmoments.time_of(earlier, self.language) if earlier else None

    def _look_again(self) -> None:
        """Refuse a time of an earlier utterance that the day said now makes impossible."""
        for slot in self.wanted.slots:
            known = self.wanted.known.get(slot.value_name, "")
            if slot.rules.day in self.values and slot.name not in self._done() and read_clock(known) is not None:
                rule = self._refused(slot, SlotValue(known, known))
                if rule is not None:
                    self.rejected[slot.name] = rule

    def _spoken(self, found: SlotValue) -> SlotValue:
        if found.spoken:
            return found
        return replace(found, spoken=slotmoments.spoken_time(time.fromisoformat(found.value), self.language))

    def _is_open(self, slot: Slot, said: SaidMoments) -> bool:
        """Tell whether a range of days says that the day is not settled."""
        if said.range_days is None:
            return False
        if self._misses(slot):
            return True
        known = self.wanted.known.get(slot.value_name, "")
        return bool(known) and not said.range_days[0].isoformat() <= known <= said.range_days[1].isoformat()

    # --- everything else

    def _other(self, slot: Slot, meant: Sequence[Entity]) -> None:
        if slot.kind in (SlotKind.DIGITS, SlotKind.PHONE):
            self._digits(slot, meant)
            return
        for entity in meant:
            if self._taken(entity):
                continue
            if slot.kind is SlotKind.NAME and entity.kind is EntityKind.NAME and entity.list == slot.name:
                name = next(name for name, others in slot.names.items() if entity.value in (name, *others))
                self._use(slot, entity, SlotValue(name, name, entity.confidence))
                return
            if _VALUES.get(slot.kind) is entity.kind:
                self._use(slot, entity, SlotValue(_plain(entity), entity.spoken, entity.confidence))
                return

    def _digits(self, slot: Slot, meant: Sequence[Entity]) -> None:
        """Digits may come in two utterances: a pause in the middle ends the first one."""
        better = EntityKind.PHONE if slot.kind is SlotKind.PHONE else EntityKind.CODE
        entity = self._first(meant, better) or self._first(meant, EntityKind.DIGITS)
        if entity is None:
            return
        whole = self._part(slot) + entity.value
        found = self._number(slot, entity) or self._completed(slot, whole)
        if found is None:
            self._too_short(slot, entity, whole)
        else:
            self._use(slot, entity, found)

    def _number(self, slot: Slot, entity: Entity) -> SlotValue | None:
        """Return the value if it is one for the slot: digits alone are no telephone number."""
        found = SlotValue(entity.value, entity.spoken, entity.confidence)
        fits = slot.kind is not SlotKind.PHONE or entity.kind is EntityKind.PHONE
        return found if fits and not self._refused(slot, found) else None

    def _completed(self, slot: Slot, whole: str) -> SlotValue | None:
        kinds = ENTITY_KINDS[slot.kind]
        for entity in find_entities(whole, self.language, self.wanted.now, kinds):
            found = self._number(slot, entity) if entity.value == whole else None
            if found is not None:
                return replace(found, confidence=_JOINED)
        return None

    def _too_short(self, slot: Slot, entity: Entity, whole: str) -> None:
        if not self._misses(slot):
            return
        self.used.append((entity.start, entity.end))
        self.rejected[slot.name] = Rule.LENGTH
        longest = 11 if slot.kind is SlotKind.PHONE else slot.rules.shortest
        self.parts[slot.name] = whole if len(whole) < longest else ""

    def _first(self, meant: Sequence[Entity], kind: EntityKind) -> Entity | None:
        return next((entity for entity in meant if entity.kind is kind and not self._taken(entity)), None)

    def _taken(self, entity: Entity) -> bool:
        return any(entity.start < end and start < entity.end for start, end in self.used)

    def _use(self, slot: Slot, entity: Entity, found: SlotValue) -> None:
        if self._offer(slot, found):
            self.used.append((entity.start, entity.end))

    # --- what all have in common

    def _misses(self, slot: Slot) -> bool:
        return not self.wanted.known.get(slot.name, "").strip()

    def _part(self, slot: Slot) -> str:
        return self.wanted.known.get(slot.part_name, "")

    def _others_of(self, slot: Slot) -> list[str]:
        """Return the slots of the same kind that this utterance has filled already."""
        return [other.name for other in self.wanted.slots if other.kind is slot.kind and other.name in self._done()]

    def _done(self) -> set[str]:
        return {*self.values, *self.rejected}

    def _next(self, slot: Slot, found: Sequence[SlotValue]) -> SlotValue | None:
        """Return the value for a slot: the first that no other slot of its kind has taken."""
        place = len(self._others_of(slot))
        return found[place] if place < len(found) else None

    def _half(self, slot: Slot, words: str, part: str = "") -> None:
        self.vague[slot.name] = words
        self.parts[slot.name] = part

    def _refused(self, slot: Slot, found: SlotValue) -> Rule | None:
        return refusal(slot, found, self.wanted, self.values)

    def _offer(self, slot: Slot, found: SlotValue) -> bool:
        """Give a value to a slot; False if the slot has it already."""
        if not self._misses(slot) and self.wanted.known.get(slot.value_name, "") == found.value:
            self.repeated = True
            return False
        rule = self._refused(slot, found)
        other = slotmoments.other_half(found) if slot.kind is SlotKind.TIME and rule in _CLOCK_RULES else None
        if other is not None and self._refused(slot, other) is None:
            found, rule = self._spoken(other), None
        if rule is None:
            self.values[slot.name] = found
        else:
            self.rejected[slot.name] = rule
        return True

    def _coverage(self) -> float:
        letters = [place for place, character in enumerate(self.text) if normalise(character)]
        covered = sum(any(start <= place < end for start, end in self.used) for place in letters)
        return covered / len(letters) if letters else 0.0


def _is_moment(entity: Entity) -> bool:
    return any(entity.kind in ENTITY_KINDS[kind] for kind in _MOMENTS)


def _plain(entity: Entity) -> str:
    """Return an amount or a percentage as a number, so that conditions can compare it."""
    if entity.kind is EntityKind.MONEY:
        return entity.value.rpartition(" ")[2]
    return entity.value.removesuffix("%")
