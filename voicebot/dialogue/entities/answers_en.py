"""Yes and no in English.

Each clause is read by itself; then they are weighed. "No problem", "why not" and "I don't mind" agree; "I don't think
so", "not yet" and "not really" do not; "I don't know", "not sure" and questions answer nothing.
"""

from __future__ import annotations

import re

from voicebot.dialogue.entities.entity import EntityKind, Found
from voicebot.dialogue.entities.said import Said
from voicebot.dialogue.entities.verdicts import STATEMENT, Verdict, clauses, weigh, without_corrections

_CUT = re.compile(r"[,.!?;:]+|(?= but\b)")
_FILLER = (
    r"(?:(?:uh|um|er|well|oh|ah|so|and|but|hi|hello|hey|hmm|like|i guess|actually|honestly|thanks|thank you"
    r"|please) )*"
)
_END = (
    r"(?: (?:please|thanks|thank you(?: very much)?|sir|madam|ma'am|then|today|now|at all|it is|it does|that's fine"
    r"|i think|i guess|actually"
    r"|for now|right now|at the moment|i am|i do|i did|i have|i would|i will|we do|we are|i'm not|i don't|i didn't"
    r"|i haven't|i can't|it isn't|it's not|i won't|i wouldn't))*"
)
_YES_WORD = (
    r"(?:yes|yeah|yep|yup|yea|ya|sure|sure thing|of course|certainly|absolutely|definitely|exactly|ok|okay|alright"
    r"|all right|correct"
    r"|right(?! now)|that's right|that is right|that's correct|that is correct|that's it|that's me|this is he"
    r"|this is she|fine|that's fine|that is fine|that's good|that's okay|sounds good"
    r"|sounds great|sounds fine|no problem|no problem at all|not a problem|i do|i am|i would|i will|i did|i have"
    r"|i can|it is|it does|it was|we do|we are|please do|go ahead|go for it|that works|works for me"
    r"|that works for me|that'd be great|that would be great|that would be good|that would be fine|that'll be fine"
    r"|that'll do|perfect|great|good|lovely|you bet|by all means|indeed|affirmative"
    r"|confirmed|i agree|agreed|i confirm|no objections?|no worries|i'd love to|i'd like that|i'd like to|i suppose so)"
)
_NO_WORD = (
    r"(?:no|nope|nah|no thanks|no thank you|not really|not now|not yet|not today|not right now|not anymore"
    r"|not any more|never|no way|not interested|i'm not interested|i am not interested|i don't think so"
    r"|i do not think so|i'm afraid not|i am afraid not|absolutely not|certainly not|definitely not|of course not"
    r"|i don't|i do not|i didn't|i haven't|i'm not|i am not|i can't|i cannot|i won't"
    r"|i wouldn't|it isn't|it's not|it is not|it doesn't|it wasn't|that's wrong|that is wrong|that's not right"
    r"|that's not correct|that isn't right|that isn't correct|that is not correct|incorrect|wrong|negative"
    r"|i'd rather not"
    r"|i would rather not|rather not|i don't want to|i don't want it|i don't want that|that doesn't work"
    r"|that won't work|doesn't work for me|that doesn't work for me|please don't|don't|none|not me|not at the moment"
    r"|not quite|not this time|forget it|it's not necessary|not necessary|i don't need it|i don't need that)"
)
_WEAK_YES = (
    r"(?:uh[ -]huh|mm[ -]?hmm|mhm|mm|i think so|i guess so|i guess|i believe so|i suppose|why not|i don't mind"
    r"|i wouldn't mind|if you like|probably|fair enough|could be|might work|i hope so|it's fine|it's okay|it is fine)"
)
_YES = re.compile(rf"^ *{_FILLER}(?P<words>{_YES_WORD}(?: (?:{_YES_WORD}))*){_END} *$")
_NO = re.compile(rf"^ *{_FILLER}(?P<words>{_NO_WORD}(?: (?:{_NO_WORD}))*){_END} *$")
_WEAK = re.compile(rf"^ *{_FILLER}(?P<words>{_WEAK_YES}){_END} *$")
_WEAK_NO = re.compile(
    rf"^ *{_FILLER}(?P<words>not at all|probably not|i guess not|maybe not|i suppose not|no that's (?:fine|okay|ok"
    rf"|all right|alright|good)|no it's (?:fine|okay|ok)|no i'm (?:fine|good|okay)|unlikely){_END} *$"
)
_YEAH_NO = re.compile(
    rf"^ *{_FILLER}(?:yeah|yes|okay|ok|right|sure) (?P<words>no|no thanks|no thank you|nope|not really"
    rf"|i don't think so){_END} *$"
)
_TWICE = re.compile(
    r"(?P<words>(?:not that i|i'm not saying i|it isn't that i|it's not like i) (?:don't|do not|won't|can't"
    r"|wouldn't)|not impossible|wouldn't say no|can't say no|won't say no)"
)
_NO_ANSWER = re.compile(
    r"\b(?:no idea|not sure|don't know|do not know|don't understand|didn't (?:catch|hear|get|understand)|can't hear"
    r"|cannot hear|no matter|no longer|yes and no|not only|no wonder|don't remember|can't remember|not certain"
    r"|right now|good (?:morning|afternoon|evening)|say that again|wait|hold on|excuse me)\b"
)
_QUESTION = re.compile(
    r"^ *(?:(?:and|but|so|well|oh|um|uh|sorry) )*(?:is|isn't|are|aren't|do|does|doesn't|did|didn't|can|can't|could"
    r"|couldn't|will|won't|would|wouldn't|have|has|what|when|where|who|how|which|why(?! not *$))\b(?! (?:do|not)? *$)"
    r"|\b(?:right|okay|ok|yes|no|isn't it|is it|don't you|can you|would you)\?$"
)
_LEADING = re.compile(
    rf"^ *{_FILLER}(?P<words>(?P<yes>yes|yeah|yep|yup|sure|of course|certainly|absolutely|definitely|correct"
    r"|that's right|that's correct|exactly|okay|ok|no problem)|(?P<no>no|nope|nah|not really|no thanks"
    r"|no thank you))\b(?! (?:no\b|maybe|and no|or no|one|more|matter|sooner|later|earlier|need|body"
    rf"|problem\b.{{12}}))(?= )"
)
_STATED_NO = re.compile(
    r"\b(?P<words>i (?:really )?(?:don't|do not) (?:want|need|like|have|think|agree|wish)|i'm not (?:interested"
    r"|available|free|happy)|i (?:can't|cannot|won't be able to) (?:make|do|come|be|get)|(?:doesn't|does not|won't"
    r"|isn't going to) work|not interested|isn't (?:right|correct|good|possible)|is not (?:right|correct|possible)"
    r"|i'm busy|i haven't|i didn't)\b"
)
_STATED_YES = re.compile(
    r"\b(?P<words>works(?: (?:for me|fine|well|great|perfectly))?|is (?:fine|good|ok|okay|perfect|great"
    r"|all right)(?: (?:for|with|by) me)?|(?:would|will|should) be (?:fine|good|great|perfect|okay|lovely)"
    r"|i can (?:do|make) (?:that|it)|suits me|sounds (?:good|great|fine)|i (?:do|would) (?:want|like) (?:it|that"
    r"|to do that))(?: then| too)? *$"
)
_DENIED = re.compile(r"\b(?:not|n't|never|if|whether|when|what)\b[^,]*$|n't [^,]*$")
_ONLY_FILLERS = re.compile(rf" *{_FILLER}(?:please|hello|hi|um|uh|so|well|oh)? *")
_LONGEST_ANSWER = 120


def find_answers(said: Said) -> list[Found]:
    """Return whether the caller says yes or no: one answer, or none."""
    text, places = said.text, clauses(said.text, _CUT)
    found = [verdict for start, end in places if (verdict := _clause(text, start, end, text[end : end + 1] == "?"))]
    verdicts = without_corrections(
        found, places, lambda start, end: _ONLY_FILLERS.fullmatch(text, start, end) is not None
    )
    verdict = weigh(verdicts)
    if verdict is None:
        return []
    return [Found(EntityKind.YES_NO, verdict.start, verdict.end, verdict.value, verdict.value, verdict.confidence)]


_Reading = tuple["re.Match[str] | None", str, float]
_NOTHING: _Reading = (None, "", 0.0)


def _clause(text: str, start: int, end: int, asked: bool) -> Verdict | None:
    clause = text[start:end].replace("-", " ")
    match, value, confidence = _read(clause, asked) if len(clause) <= _LONGEST_ANSWER else _NOTHING
    if match is None:
        return None
    bare_no = match["words"] in ("no", "nope", "wrong")
    return Verdict(start + match.start("words"), start + match.end("words"), value, confidence, start, bare_no)


def _read(clause: str, asked: bool) -> _Reading:
    if match := _TWICE.search(clause):
        return match, "yes", 0.6
    if asked and clause.strip() not in ("why not", "sure", "okay", "ok"):
        match = _LEADING.match(clause)
        return _led(match, 0.6) if match and len(clause.split()) > _SHORTEST_QUESTION else _NOTHING
    patterns = (
        (_WEAK_NO, "no", 0.6),
        (_YEAH_NO, "no", 0.7),
        (_WEAK, "yes", 0.7),
        (_YES, "yes", 0.95),
        (_NO, "no", 0.95),
    )
    for pattern, value, confidence in patterns:
        if match := pattern.match(clause):
            return match, value, confidence
    if _NO_ANSWER.search(clause) or _QUESTION.search(clause):
        return _NOTHING
    if match := _LEADING.match(clause):
        return _led(match, 0.75)
    return _stated(clause)


_SHORTEST_QUESTION = 3


def _led(match: re.Match[str], confidence: float) -> _Reading:
    return match, "yes" if match["yes"] else "no", confidence


def _stated(clause: str) -> _Reading:
    if match := _STATED_NO.search(clause):
        return match, "no", STATEMENT
    match = _STATED_YES.search(clause)
    if match and not _DENIED.search(clause[: match.start()]):
        return match, "yes", STATEMENT
    return _NOTHING
