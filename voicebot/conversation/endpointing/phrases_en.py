"""English: how an answer that is complete looks, and one that is not."""

from __future__ import annotations

import re

from voicebot.conversation.endpointing.phrases import Phrases

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_SMALL = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_TEENS = "thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_HOUR = rf"(?:[0-9]{{1,2}}|{_SMALL})"
_YES = (
    "yes|yeah|yep|yup|sure|of course|certainly|absolutely|correct|right|that's right|that's correct|okay|ok|fine|please"
    "|please do|i do|i am|it is|i can|i will|go ahead|speaking|this is he|this is she"
)
_NO = "no|nope|nah|not really|not now|not at all|i don't|i can't|i'm not|it isn't|it's not|never|wrong"
_AFTER = "please|thanks|thank you|sir|madam|that's fine|that's all|it is|i do|i am"

_LEADING = (
    "if|when|whenever|because|since|although|though|while|unless|until|after|before|as soon as|as|once|whether"
    "|in order to|according to|instead of|besides|apart from"
)
_HANGING = (
    "this|that|these|those|some|any|every|each|no|another|other|which|who|whose|whom|what|where|when|why|how|than|as"
    "|i|we|he|she|they|you are|we are|they are|am|were|be|been|being|has|have|had|having|do|does|did|will|would|shall"
    "|should|can|could|may|might|must|not|don't|doesn't|didn't|won't|can't|couldn't|wouldn't|isn't|aren't|wasn't"
    "|very|too|so|more|most|less|quite|rather|really|just|only|even|also|almost|about"
    "|his|her|its|our|their|into|onto|over|under|through|between|without|within|against|during|until|since|after"
    "|before|because|although|while|unless|whether|mr|mrs|ms|dr|doctor|said|says|say|called|named|want|wants|need|needs"
    "|going|trying|able|supposed|used|he's|she's|we're|they're|you're|i've|we've|there's|there is|there are"
)

EN = Phrases(
    answers=re.compile(
        rf"(?:(?:oh|well|um+|uh+)[,.]? )*(?:{_YES}|{_NO}|mm-?hmm|uh-?huh)(?:[,.]? (?:{_YES}|{_NO}|{_AFTER}))*"
    ),
    fillers=re.compile(r"(?:\b(?:um+|uh+|er+|erm|hmm+|mm+|well|so|like|you know)\b|[\s,.\u2026])+"),
    unfinished=re.compile(
        r"(?:^|[ ,.])(?:um+|uh+|er+|erm|hmm+|mm+|and|or|but|(?<!think )(?<!hope )so|because|if|then|like|well|the|a|an"
        r"|to|of|for|with|from|at|(?<!hold )on|in|by|about|my|your|is|are|was|it's|i'm|i'd|i'll|i want|would like"
        r"|can you|could you|do you|let me see|let me think|i think|maybe|you know|i mean|next|this coming|around"
        r"|between)$"
    ),
    correcting=re.compile(
        r"[a-z0-9][,.]* (?:no,? wait|wait,? no|no,? sorry|sorry,? no|actually,? no|no,? actually|i mean|or rather"
        r"|scratch that|correction)$"
    ),
    asking=re.compile(
        r"(?:(?:um+|uh+|well|so|and|but)[,.]? )*(?:can|could|would|will|do|did|does|are|is|am|have|may|should|what|when"
        r"|where|who|why|how|which)(?: (?:you|i|we|it|he|she|they|there|the|is|are|do))?"
    ),
    closed=re.compile(r"(?:thank you|thanks|please|bye|goodbye|that's all|that's it)$"),
    day=re.compile(
        rf"\b(?:today|tomorrow|tonight|weekend|(?:{_DAYS})s?|(?:{_MONTHS}) (?:the )?[0-9a-z]+(?: [a-z]+)?"
        rf"|[0-9]{{1,2}}(?:st|nd|rd|th)|[0-9]{{1,2}}/[0-9]{{1,2}}|[a-z]+ (?:of|in) (?:{_MONTHS}))\b"
    ),
    day_unfinished=re.compile(rf"\b(?:(?:{_MONTHS})(?: the)?|next|this|the|twenty|thirty)$"),
    time=re.compile(
        rf"\b{_HOUR}(?::[0-9]{{2}})?(?: (?:fifteen|thirty|forty-five))?"
        r" ?(?:o'?clock|[ap]\.?m\b|in the (?:morning|afternoon|evening)|at night)"
        rf"|\b(?:half past|quarter (?:past|to)) {_HOUR}\b|\b[0-9]{{1,2}}:[0-9]{{2}}\b|\bnoon\b|\bmidnight\b"
        rf"|\bat {_HOUR}\b|\b{_HOUR} (?:fifteen|thirty|forty-five)\b"
    ),
    time_may_go_on=re.compile(rf"(?<!:)\b{_HOUR}(?: (?:fifteen|thirty|forty-five))?$"),
    daypart=re.compile(r"\b(?:morning|afternoon|evening)$"),
    number=re.compile(rf"[0-9]|\b(?:zero|{_SMALL}|{_TEENS}|{_TENS}|hundred|thousand|million)\b"),
    unit=re.compile(
        r"\b(?:dollars?|bucks|pounds?|euros?|cents?|percent|people|persons?|guests?|nights?|days?|weeks?|months?|years?"
        r"|hours?|minutes?|times|rooms?|tickets?)$|%$"
    ),
    leading=re.compile(rf"(?:(?:and|but|so|well|then) )?(?:{_LEADING})\b"),
    hanging=re.compile(rf"\b(?:{_HANGING})$"),
    unit_of_length=re.compile(r"[a-z0-9'-]+"),
    clause_length=5,
)
