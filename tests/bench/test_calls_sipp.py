from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.bench.calls_sipp import Made, error_codes, read_made, response_times_ms
from voicebot.errors import VoicebotError

STATISTICS = (
    "StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);"
    "FailedUnexpectedMessage(C);FailedMaxUDPRetrans(C);FailedTimeoutOnRecv(C);\n"
    "now;10;2;2;0;0;0;0;0;\n"
    "now;30;1;25;1;5;4;1;0;\n"
)


def test_the_last_line_of_the_statistics_counts(tmp_path: Path) -> None:
    (tmp_path / "stat.csv").write_text(STATISTICS)
    (tmp_path / "calls_12_rtt.csv").write_text("Date_ms;response_time_ms;rtd_no\n52.001;8;1\n104.001;12;1\n")
    (tmp_path / "calls_12_error_codes.csv").write_text("t\t1.5;00:00:01:010000;486,\nt\t2.5;00:00:02;486,503,\nt;00;\n")
    made = read_made(tmp_path)
    assert made == Made(30, 25, 5, [8.0, 12.0], made.why)
    assert made.why == {"unexpected message": 4, "max udp retrans": 1, "SIP 486": 2, "SIP 503": 1}


def test_a_sipp_that_did_not_start_tells_why(tmp_path: Path) -> None:
    with pytest.raises(VoicebotError, match="Unable to bind"):
        read_made(tmp_path, "Unable to bind main socket\n")


def test_calls_of_several_add_up() -> None:
    made = Made(2, 1, 1, [5.0], {"SIP 486": 1})
    made.add(Made(3, 2, 1, [7.0], {"SIP 486": 2, "SIP 500": 1}))
    assert made == Made(5, 3, 2, [5.0, 7.0], {"SIP 486": 3, "SIP 500": 1})


@given(st.text())
def test_whatever_stands_in_its_files_does_no_harm(text: str) -> None:
    assert all(len(code) == len("SIP 486") for code in error_codes(text))


def test_an_answer_without_a_time_is_left_out() -> None:
    assert response_times_ms("head\n1;;1\n2;4;1\n\n") == [4.0]
