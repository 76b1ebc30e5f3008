from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.vad import VetoedDetector

FRAME = bytes(320)


class Scripted:
    rate_hz = 8000
    frame_samples = 160
    hangover_ms = 60
    tentative = False
    stirring = False
    faint = False

    def __init__(self, flags: list[bool]) -> None:
        self._flags = iter(flags)

    def is_speech(self, frame: bytes) -> bool:
        return next(self._flags)


class Denying:
    def __init__(self, name: str, flags: list[bool]) -> None:
        self.name = name
        self.seen = 0
        self._flags = flags

    def denies(self, frames: bytes) -> bool:
        self.seen += len(frames) // len(FRAME)
        return self._flags[self.seen - 1]

    def note_quiet(self, frames: bytes, faint: bool) -> None:
        self.seen += len(frames) // len(FRAME)


Rows = list[tuple[bool, bool, bool]]


def judged(rows: Rows) -> list[tuple[bool, str, bool, str, int]]:
    """For each frame: what came out, what it would be if every veto were asked, and frames that wait."""
    speech, echo, noise = ([row[at] for row in rows] for at in range(3))
    vetoes = Denying("echo", echo), Denying("noise", noise)
    detector = VetoedDetector(Scripted(speech), vetoes)
    found = []
    for number, (said, returned, noisy) in enumerate(rows):
        result = detector.is_speech(FRAME)
        exact = "quiet" if not said else "echo" if returned else "noise" if noisy else "speech"
        assert all(0 <= number + 1 - veto.seen < 10 for veto in vetoes)
        found.append((result, detector.verdict, exact == "speech", exact, number + 1 - vetoes[0].seen))
    return found


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=9))
def test_speech_is_what_the_detector_says_and_no_veto_denies(rows: Rows) -> None:
    for result, verdict, is_speech, exact, _ in judged(rows):
        assert (result, verdict) == (is_speech, exact)


_STEADY_ROWS = st.lists(
    st.tuples(st.tuples(st.booleans(), st.booleans(), st.booleans()), st.integers(1, 30)).map(lambda x: [x[0]] * x[1])
).map(lambda runs: [row for run in runs for row in run])


@given(_STEADY_ROWS)
def test_vetoes_are_asked_at_once_where_it_matters_and_soon_elsewhere(rows: Rows) -> None:
    wrong = 0
    for result, verdict, is_speech, exact, waiting in judged(rows):
        assert waiting < 10
        assert result == (verdict == "speech")
        wrong = 0 if (result, verdict) == (is_speech, exact) else wrong + 1
        assert not wrong or (result and exact in ("echo", "noise"))
        assert wrong <= 2


def test_what_is_denied_has_no_hangover() -> None:
    detector = VetoedDetector(Scripted([True, True, False]), [Denying("echo", [False, True, False])])
    detector.is_speech(FRAME)
    detector.is_speech(FRAME)
    assert detector.hangover_ms == 0
    detector.is_speech(FRAME)
    assert detector.hangover_ms == 60


def test_what_passed_unasked_before_it_was_denied_is_hangover() -> None:
    detector = VetoedDetector(Scripted([True] * 20), [Denying("echo", [False] * 11 + [True] * 9)])
    passed = 0
    while detector.is_speech(FRAME):
        passed += 1
    assert passed == 12  # sure after ten, asked again at the thirteenth
    assert detector.hangover_ms == 40


def test_what_a_veto_denies_stirs_nothing() -> None:
    source = Scripted([False, True, True])
    source.stirring = True
    detector = VetoedDetector(source, [Denying("echo", [False, True, False])])
    stirring = []
    for _ in range(3):
        detector.is_speech(FRAME)
        stirring.append(detector.stirring)
    assert stirring == [True, False, True]


class Late:
    """Hears no voice, and would hear the end of one a tenth of a second late."""

    name = "noise"
    lag_ms = 100

    def denies(self, frames: bytes) -> bool:
        return False

    def is_voice(self) -> bool:
        return False

    def note_quiet(self, frames: bytes, faint: bool) -> None:
        pass


def test_speech_that_nobody_confirms_any_longer_was_over_a_while_ago() -> None:
    voice = Late()
    for frames, hangover_ms, over_ms in ((10, 60, 100), (10, 140, 140), (3, 60, 60)):
        source = Scripted([True] * 11)
        source.hangover_ms = hangover_ms
        detector = VetoedDetector(source, [voice], confirms=voice)
        assert all(detector.is_speech(FRAME) for _ in range(frames))
        source.tentative = True
        assert not detector.is_speech(FRAME)
        assert detector.hangover_ms == over_ms, frames  # a short word keeps what it has


class Sure(Late):
    """Hears a voice, and counts what it is given."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def denies(self, frames: bytes) -> bool:
        self.asked.append(len(frames) // len(FRAME))
        return False

    def is_voice(self) -> bool:
        return True


def test_who_confirms_is_asked_alone_about_what_is_speech_tentatively() -> None:
    source, voice, echo = Scripted([True] * 40), Sure(), Denying("echo", [False] * 40)
    detector = VetoedDetector(source, [echo, voice], confirms=voice)
    for _ in range(10):  # then it is sure
        assert detector.is_speech(FRAME)
    source.tentative = True
    assert all(detector.is_speech(FRAME) for _ in range(9))
    assert voice.asked == [1] * 19
    assert echo.seen == 19  # at 13, 16 and 19
