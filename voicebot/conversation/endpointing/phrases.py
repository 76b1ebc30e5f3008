"""What the words of a language tell about their end."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """Patterns for words in lower case without punctuation around them.

    All are searched for, but those of which it says that they are the whole of the words.

    Attributes:
        answers: a yes or a no and nothing else; the whole of the words.
        fillers: nothing has been said yet but what one says while thinking; the whole of the words.
        unfinished: what nobody ends with: fillers, conjunctions, the beginning of a request.
        correcting: what ends with taking back what was said before: what is right is still to come.
        asking: the beginning of a question, which is no question yet, whatever the recogniser writes behind it; the
            whole of the words.
        closed: what sentences end with.
        day: a day is named.
        day_unfinished: a day is being named: the month and no day, "next".
        time: a time of day is named.
        time_may_go_on: a time that may be all, and may go on: "three", and perhaps "thirty".
        daypart: ends with a part of the day; the hour is still to come, or came before.
        number: there is a number.
        unit: ends with a unit, and so with the end of a quantity.
        leading: what clauses begin with that another one follows.
        hanging: what clauses end with that another one follows, or the rest of themselves.
        unit_of_length: what the length of a clause is counted in.
        clause_length: how many of these a clause has at least; fewer are a word or a phrase.
    """

    answers: re.Pattern[str]
    fillers: re.Pattern[str]
    unfinished: re.Pattern[str]
    correcting: re.Pattern[str]
    asking: re.Pattern[str]
    closed: re.Pattern[str]
    day: re.Pattern[str]
    day_unfinished: re.Pattern[str]
    time: re.Pattern[str]
    time_may_go_on: re.Pattern[str]
    daypart: re.Pattern[str]
    number: re.Pattern[str]
    unit: re.Pattern[str]
    leading: re.Pattern[str]
    hanging: re.Pattern[str]
    unit_of_length: re.Pattern[str]
    clause_length: int
