"""A call of the SIP library, with plain values on our side of it. For the SIP thread only."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pjsua2 as pj

from telephony.line.config import SendDigits
from telephony.line.library import explain
from telephony.sip.reason import Q850, Reason, reasons_of_text

logger = logging.getLogger(__name__)

RINGING = 180
ANSWERED = 200
DECLINE = 603
NORMAL_CLEARING = Reason(Q850, 16, "Normal call clearing")
# Whose messages may say why a call ends; a response to an INVITE may, too (RFC 6432).
_ENDING = frozenset({"BYE", "CANCEL", "INVITE"})
KEYS = frozenset("0123456789*#ABCD")
PrmT = TypeVar("PrmT")
CallT = TypeVar("CallT", bound="LibraryCall")


@dataclass(frozen=True, slots=True)
class StreamStats:
    """What RTP and RTCP say of a call's audio, as far as it got.

    Attributes:
        codec: name of the codec in use, "" before there was one.
        received: audio packets that came.
        sent: audio packets that left.
        lost: packets that never came.
        discarded: packets that came too late for the jitter buffer.
        jitter_ms: mean jitter of what came.
        remote_lost: packets of ours that the far side misses, by its RTCP reports.
        round_trip_ms: by RTCP; 0 if the far side sends none.
        buffer_ms: mean delay in the jitter buffer.
        reports: RTCP reports that came.
        foreign: packets thrown away because they came from elsewhere, or faster than they could be read.
    """

    codec: str = ""
    received: int = 0
    sent: int = 0
    lost: int = 0
    discarded: int = 0
    jitter_ms: float = 0.0
    remote_lost: int = 0
    round_trip_ms: float = 0.0
    buffer_ms: float = 0.0
    reports: int = 0
    foreign: int = 0

    def followed_by(self, later: StreamStats) -> StreamStats:
        """Return the figures of two streams of one call, such as before and after a hold: counts added up, means
        weighted by packets. Refused packets are counted over the whole call, so the later figure has them all."""
        packets, reports = self.received + later.received, self.reports + later.reports

        def mean(before: float, after: float) -> float:
            return (before * self.received + after * later.received) / packets if packets else after

        return StreamStats(
            codec=later.codec or self.codec,
            received=packets,
            sent=self.sent + later.sent,
            lost=self.lost + later.lost,
            discarded=self.discarded + later.discarded,
            jitter_ms=mean(self.jitter_ms, later.jitter_ms),
            remote_lost=self.remote_lost + later.remote_lost,
            round_trip_ms=(self.round_trip_ms * self.reports + later.round_trip_ms * later.reports) / reports
            if reports
            else 0.0,
            buffer_ms=mean(self.buffer_ms, later.buffer_ms),
            reports=reports,
            foreign=later.foreign,
        )


@dataclass(frozen=True, slots=True)
class MediaState:
    """The audio stream of a call after a negotiation.

    Attributes:
        index: its place in the SDP; -1 if there is none.
        active: audio flows both ways.
        held: the far side has put the call on hold.
        receives: audio is to come from the far side.
    """

    index: int = -1
    active: bool = False
    held: bool = False
    receives: bool = False


Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class AudioPath:
    """Where a call's audio travels.

    Attributes:
        local_port: our UDP port for RTP; that for RTCP is the next one.
        target: where the SDP wants our audio, and so where the far side's should come from; None if it does not say.
        source: where the last packet came from; None: there was none.
    """

    local_port: int
    target: Address | None
    source: Address | None


class CallHandler(Protocol):
    """Told what happens to a call, on the SIP thread (digits: on a media thread)."""

    def on_confirmed(self) -> None:
        """The call was answered and acknowledged."""
        ...

    def on_disconnected(self, status: int, reason: str) -> None:
        """The call is over; ``status`` is the last SIP status (200 after a BYE)."""
        ...

    def on_media(self, media: MediaState) -> None:
        """Audio was negotiated anew."""
        ...

    def on_stream_ended(self, stats: StreamStats) -> None:
        """A stream ends; its last figures."""
        ...

    def on_digit(self, digit: str) -> None:
        """A key was pressed."""
        ...

    def on_refer(self, status: int, reason: str, final: bool) -> None:
        """What became of a REFER: its answer (202, or a refusal, which is final) or a NOTIFY."""
        ...


def _guarded(callback: Callable[[CallT, PrmT], None]) -> Callable[[CallT, PrmT], None]:
    """Log what a callback raises: the library would print it and go on."""

    @functools.wraps(callback)
    def guard(self: CallT, prm: PrmT, /) -> None:
        try:
            callback(self, prm)
        except pj.Error as error:
            logger.error("call %s: the SIP library refused: %s", self.call_id, explain(error))
        except Exception:
            logger.exception("call %s: %s failed", self.call_id, callback.__name__)

    return guard


class LibraryCall(pj.Call):
    """One INVITE dialog.

    The library reports to the ``CallHandler`` until ``release``. An object must be kept until it has reported
    the end, and let go of outside of its own callbacks.

    Args:
        account: whose call it is.
        handler: who is told.
        library_id: the library's number for an incoming call.
    """

    def __init__(self, account: pj.Account, handler: CallHandler, library_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, library_id)
        self.call_id = ""
        self.far_reasons: tuple[Reason, ...] = ()
        """What the far side, or the network, said of the end (RFC 3326)."""
        self.heard = self.rang = False
        """Whether our INVITE got any answer at all; whether somebody was rung by it."""
        self._handler: CallHandler | None = handler

    # --- doing

    def dial(self, uri: str, headers: Mapping[str, str], local_uri: str = "") -> None:
        """Send the INVITE; ``local_uri`` takes the place of the account's address in From."""
        prm = _parameters(headers)
        if local_uri:
            prm.txOption.localUri = _bracketed(local_uri)
        self.makeCall(_bracketed(uri), prm)
        self.learn_call_id()

    def learn_call_id(self) -> None:
        """Read the SIP Call-ID from the library."""
        info = self.getInfo()
        self.call_id = info.callIdString

    def respond(self, status: int) -> None:
        """Answer the INVITE. A final refusal must not be sent from within ``onIncomingCall``: it would abort."""
        if self.isActive() and self._is_in(pj.PJSIP_INV_STATE_INCOMING, pj.PJSIP_INV_STATE_EARLY):
            prm = _parameters()
            prm.statusCode = status
            self.answer(prm)

    def end(self, status: int = 0, reason: Reason = NORMAL_CLEARING) -> None:
        """End the call: BYE, CANCEL or a refusal (``status``, 603 by default), whatever is due.

        ``reason`` is told in BYE and CANCEL; a refusal says by its status why.
        """
        if self.isActive() and not self._is_in(pj.PJSIP_INV_STATE_DISCONNECTED):
            prm = _parameters(None if status else {"Reason": str(reason)})
            prm.statusCode = status
            self.hangup(prm)

    def send_digits(self, digits: str, way: SendDigits) -> None:
        """Send digits as telephone-events (RFC 4733) or INFO; by default the first, if the far side takes them.

        Raises:
            pj.Error: there is no audio, the digits are none, or the far side takes no events and these were wanted.
        """
        if way != "info":
            try:
                self.dialDtmf(digits)
                return
            except pj.Error:
                if way == "rfc4733":
                    raise
        prm = pj.CallSendDtmfParam()
        prm.method = pj.PJSUA_DTMF_METHOD_SIP_INFO
        prm.digits = digits
        self.sendDtmf(prm)

    def refer(self, uri: str, headers: Mapping[str, str]) -> None:
        """Ask the far side to call ``uri`` (blind transfer, RFC 3515)."""
        self.xfer(_bracketed(uri), _parameters(headers))

    def refer_to(self, other: LibraryCall, headers: Mapping[str, str]) -> None:
        """Ask the far side to take the place of ``other`` (attended transfer, RFC 3891)."""
        self.xferReplaces(other, _parameters(headers))

    def release(self) -> None:
        """Report nothing any more."""
        self._handler = None

    # --- looking

    def media_state(self) -> MediaState:
        """The audio stream as it is now."""
        # The object must have a name: what hangs on it is freed with it.
        info = self.getInfo()
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status != pj.PJSUA_CALL_MEDIA_NONE:
                return MediaState(
                    media.index,
                    active=media.status == pj.PJSUA_CALL_MEDIA_ACTIVE,
                    held=media.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD,
                    receives=media.status == pj.PJSUA_CALL_MEDIA_ACTIVE and bool(media.dir & pj.PJMEDIA_DIR_DECODING),
                )
        return MediaState()

    def stream_stats(self, index: int) -> StreamStats:
        """The figures of a stream that exists.

        Raises:
            pj.Error: it does not.
        """
        info = self.getStreamInfo(index)
        stat = self.getStreamStat(index)
        rtcp, buffer = stat.rtcp, stat.jbuf
        return StreamStats(
            codec=info.codecName,
            received=rtcp.rxStat.pkt,
            sent=rtcp.txStat.pkt,
            lost=rtcp.rxStat.loss,
            discarded=rtcp.rxStat.discard + buffer.discard,
            jitter_ms=rtcp.rxStat.jitterUsec.mean / 1000,
            remote_lost=rtcp.txStat.loss,
            round_trip_ms=rtcp.rttUsec.mean / 1000,
            buffer_ms=float(buffer.avgDelayMsec),
            reports=rtcp.txStat.updateCount,
        )

    def audio_path(self, index: int) -> AudioPath:
        """Where the audio of a stream travels.

        Raises:
            pj.Error: there is no such stream.
        """
        transport = self.getMedTransportInfo(index)
        info = self.getStreamInfo(index)
        local = _address(transport.localRtpName)
        return AudioPath(local[1] if local else 0, _address(info.remoteRtpAddress), _address(transport.srcRtpName))

    def _is_in(self, *states: int) -> bool:
        info = self.getInfo()
        return info.state in states

    # --- told by the library

    @_guarded
    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:  # noqa: N802
        """Keep why the far side ends the call, or refuses it."""
        self._read_reasons(prm.e)
        transaction = prm.e.body.tsxState.tsx
        if transaction.method == "INVITE" and transaction.role == pj.PJSIP_ROLE_UAC:
            self.heard = self.heard or prm.e.body.tsxState.type == pj.PJSIP_EVENT_RX_MSG
            self.rang = self.rang or RINGING <= transaction.statusCode < ANSWERED

    @_guarded
    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: N802
        """Pass on that the call is up or over."""
        # A refusal is told here first, and only then as a change of its transaction.
        self._read_reasons(prm.e)
        info = self.getInfo()
        if self._handler is None:
            return
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self._handler.on_confirmed()
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self._handler.on_disconnected(info.lastStatusCode, info.lastReason)

    def _read_reasons(self, event: pj.SipEvent) -> None:
        if event.type != pj.PJSIP_EVENT_TSX_STATE or event.body.tsxState.type != pj.PJSIP_EVENT_RX_MSG:
            return
        if event.body.tsxState.tsx.method in _ENDING:
            self.far_reasons = reasons_of_text(event.body.tsxState.src.rdata.wholeMsg) or self.far_reasons

    @_guarded
    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: N802
        """Pass on that audio was negotiated."""
        if self._handler is not None:
            self._handler.on_media(self.media_state())

    @_guarded
    def onStreamDestroyed(self, prm: pj.OnStreamDestroyedParam) -> None:  # noqa: N802
        """Pass on the last figures of a stream."""
        if self._handler is not None:
            self._handler.on_stream_ended(self.stream_stats(prm.streamIdx))

    @_guarded
    def onDtmfDigit(self, prm: pj.OnDtmfDigitParam) -> None:  # noqa: N802
        """Pass on a key."""
        if self._handler is not None and prm.digit in KEYS:
            self._handler.on_digit(prm.digit)

    @_guarded
    def onCallTransferStatus(self, prm: pj.OnCallTransferStatusParam) -> None:  # noqa: N802
        """Pass on what became of a REFER."""
        prm.cont = True
        if self._handler is not None:
            self._handler.on_refer(prm.statusCode, prm.reason, prm.finalNotify)

    @_guarded
    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:  # noqa: N802
        """Refuse to be transferred: left alone, the library would dial whatever number the far side names."""
        prm.statusCode = DECLINE

    def onCallRedirected(self, prm: pj.OnCallRedirectedParam) -> int:  # noqa: N802
        """Follow no redirection: whom we call is decided here, and the 3xx is the result."""
        return int(pj.PJSIP_REDIRECT_REJECT)

    @_guarded
    def onCallReplaceRequest(self, prm: pj.OnCallReplaceRequestParam) -> None:  # noqa: N802
        """Refuse to swap the caller: left alone, the library would answer with a call that nobody holds."""
        prm.statusCode = DECLINE


def _address(text: str) -> Address | None:
    """Read "10.0.0.1:4000" or "[::1]:4000"; None for an address that is none: no port, or a wildcard."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not port.isdigit() or not int(port) or host in ("", "0.0.0.0", "::"):
        return None
    return host, int(port)


def _bracketed(uri: str) -> str:
    # Without brackets the parameters of the URI would be those of To and Refer-To (RFC 3261 section 20.10).
    return uri if uri.startswith("<") else f"<{uri}>"


def _parameters(headers: Mapping[str, str] | None = None) -> pj.CallOpParam:
    prm = pj.CallOpParam(True)
    prm.opt.audioCount = 1
    prm.opt.videoCount = 0
    if hasattr(prm.opt, "textCount"):
        # PJSIP 2.16 and later offer real-time text (RFC 4103), which nobody here reads.
        prm.opt.textCount = 0
    for name, value in (headers or {}).items():
        header = pj.SipHeader()
        header.hName, header.hValue = name, value
        prm.txOption.headers.append(header)
    return prm
