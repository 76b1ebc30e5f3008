from __future__ import annotations

import logging

import pjsua2 as pj
import pytest

from telephony.line import frame_copy
from telephony.line.frame_copy import FastCopier, FrameCopier, SlowCopier, fast_copies_work, make_copier

PCM = bytes(i * 11 % 256 for i in range(640))


@pytest.mark.parametrize("copier", [FastCopier(len(PCM)), SlowCopier()])
def test_what_is_written_is_read(copier: FrameCopier) -> None:
    frame = pj.MediaFrame()
    assert copier.read(frame) == b""
    copier.write(frame, PCM)
    assert copier.read(frame) == PCM
    assert bytes(frame.buf) == PCM
    copier.write(frame, PCM[::-1])
    assert copier.read(frame) == PCM[::-1]


def test_frames_do_not_share_memory() -> None:
    copier, first, second = FastCopier(len(PCM)), pj.MediaFrame(), pj.MediaFrame()
    copier.write(first, PCM)
    copier.write(second, bytes(len(PCM)))
    assert copier.read(first) == PCM


def test_this_library_allows_fast_copies() -> None:
    assert fast_copies_work()
    assert isinstance(make_copier(640), FastCopier)


def test_another_layout_falls_back_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(frame_copy, "_bounds", lambda vector: (0, 0))
    with caplog.at_level(logging.WARNING):
        assert isinstance(make_copier(640), SlowCopier)
    assert "slowly" in caplog.text
