"""What Whisper makes up: loops, and the subtitles' credits it hears in silence."""

from __future__ import annotations

import re
import unicodedata

# A unit of two or more characters said three times in a row; a single character may be: "对对对", "888".
_LOOP = re.compile(r"(.{2,60}?)\1{2,}", re.DOTALL)

# Nobody says these to a telephone bot; they stem from video subtitles in Whisper's training data and come out of
# silence, noise and music. Compared without punctuation, spaces and case.
_MADE_UP = tuple(
    re.compile(pattern)
    for pattern in (
        r"字幕(by|由|志愿者|组|制作|提供|校对)",
        r"(谢谢|感谢|多谢)(大家|您|你|你们|各位)?的?(观看|收看|收听)",
        r"请不吝点赞|点赞订阅|订阅转发|打赏支持|明镜与点点|点点栏目",
        r"amaraorg|索兰娅|李宗盛",
        r"(thanks|thankyou)(somuch|verymuch)?forwatching",
        r"subtitle[sd]?by|subtitlesprovidedby|captionsby|transcribedby",
        r"pleasesubscribe|likeandsubscribe|subscribetomychannel",
        r"我们下(期|次|个视频)(再)?见|下期再见",
    )
)

# What a caller may well say, but Whisper also makes of noise: dropped only when the model itself doubts that
# there was speech.
_DOUBTFUL = frozenset(
    {
        *("you", "thankyou", "thanks", "bye", "byebye", "okay", "so", "the"),
        *("谢谢", "谢谢大家", "嗯", "啊", "哦", "好", "拜拜", "再见"),
    }
)


def skeleton(text: str) -> str:
    """Return letters, digits and characters of ``text`` alone, in lower case."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(char for char in folded if char.isalnum())


def has_loop(text: str) -> bool:
    """Tell whether ``text`` repeats itself the way Whisper does when its window is too tight.

    True if a unit of at least two characters stands three times in a row and these repeats are most of the text.
    """
    plain = skeleton(text)
    found = _LOOP.search(plain)
    if not found or len(set(found.group(1))) < 2:
        return False
    return len(found.group(0)) * 2 > len(plain)


def without_loop(text: str) -> str:
    """Return ``text`` with each loop reduced to its first round."""
    return re.sub(r"(.{2,60}?)(?:[\s,.!?\uff0c\u3002\uff01\uff1f\u3001]*\1){2,}", r"\1", text, flags=re.DOTALL)


def is_too_dense(text: str, duration_s: float) -> bool:
    """Tell whether nobody could say ``text`` in ``duration_s``: over 12 characters or 30 letters a second."""
    plain = skeleton(text)
    wide = sum(1 for char in plain if char > "\u2e80")
    return wide / 12 + (len(plain) - wide) / 30 > duration_s + 0.5


def is_made_up(text: str, no_speech_probability: float, mean_log_probability: float) -> bool:
    """Tell whether ``text`` is likely not from the audio."""
    plain = skeleton(text)
    if any(pattern.search(plain) for pattern in _MADE_UP):
        return True
    # Whisper's own rule for a silent window (Radford et al. 2022, section 4.5): thresholds 0.6 and -1.
    if no_speech_probability > 0.6 and mean_log_probability < -1.0:
        return True
    # Music and babble: likely enough to be noise, and the model has no belief in any single word.
    if no_speech_probability > 0.4 and mean_log_probability < -2.3:
        return True
    return plain in _DOUBTFUL and no_speech_probability > 0.6 and mean_log_probability < -0.5
