"""The SIP library of the process: opened, set up and closed, all on the thread that owns it."""

from __future__ import annotations

import ctypes
import errno
import logging
import re
from collections.abc import Callable

import pjsua2 as pj

from telephony.line.config import FRAME_MS, UserAgentConfig
from telephony.line.logs import CONTENT_LEVEL, QUIET_LEVEL, LogWriter, scrub
from voicebot.errors import PortInUseError, TelephonyError

logger = logging.getLogger(__name__)

# More than any build carries: the library clamps it to what it was compiled for.
ASKED_CALLS = 256
WHEEL_CALLS = 4
_CODEC_IDS = {"PCMA": "PCMA/8000/1", "PCMU": "PCMU/8000/1", "G722": "G722/16000/1", "opus": "opus/48000/2"}
_TOP_PRIORITY = 250
# pjsip shows errors of the operating system as this plus errno (PJ_ERRNO_START_SYS).
_SYSTEM_ERROR = 120000
# 1 to 10; 3 and 4 pick the short filter: 2 ms of delay instead of 5 ms, and its images stay below speech.
RESAMPLE_QUALITY = 4
# No messages any more (PJSUA_DESTROY_NO_NETWORK): calls and registrations have been ended before; saves 1 s.
_DESTROY_NO_NETWORK = 3
# The log level at which the library tells its settings.
_DUMP_LEVEL = 3
WILDCARDS = ("", "0.0.0.0", "::")


def explain(error: pj.Error) -> str:
    """Return a library error as one line without addresses."""
    return scrub(f"{error.reason} ({error.status})")


class _Endpoint(pj.Endpoint):
    """The library's endpoint, which asks whose call an INVITE is."""

    select_account: Callable[[str], int | None] | None = None

    def onSelectAccount(self, prm: pj.OnSelectAccountParam) -> None:  # noqa: N802
        """Choose the account of an incoming call."""
        if self.select_account is None:
            return
        try:
            account = self.select_account(prm.rdata.wholeMsg)
            if account is not None:
                prm.accountIndex = account
        except Exception:
            # Raised into the library it would be printed and lost; the library's own choice stands.
            logger.exception("The account of an incoming call could not be chosen")


class Library:
    """pjsua2's endpoint with one UDP transport and a null sound device as the media clock.

    Raises:
        PortInUseError: another program has the SIP port.
        TelephonyError: the library cannot be set up.
    """

    def __init__(self, config: UserAgentConfig) -> None:
        self._config = config
        self._endpoint = _Endpoint()
        # The library owns the C++ half and would call into a freed Python half: keep it to the end.
        self._log_writer = LogWriter(config.log_content)
        silence_start()
        self._endpoint.libCreate()
        self.has_ipv6 = _compiled_ipv6()
        try:
            self._check_addresses()
            self._set_up()
        except TelephonyError:
            self.close()
            raise
        except pj.Error as error:
            self.close()
            raise _start_error(error, config) from None
        self.max_calls = _compiled_calls()

    def _check_addresses(self) -> None:
        """An account with IPv6 in a library without it would abort the process."""
        host = self._config.rtp_host or self._config.host
        if ":" not in host or self.has_ipv6:
            return
        if host not in WILDCARDS:
            raise TelephonyError(f"The SIP library was built without IPv6, no audio at {host}: check sip.host")
        logger.warning("The SIP library was built without IPv6: only callers with IPv4 are heard")

    def _set_up(self) -> None:
        self._endpoint.libInit(_endpoint_config(self._config, self._log_writer))
        transport = self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, self._transport_config())
        self._endpoint.libStart()
        self._endpoint.audDevManager().setNullDev()
        self._choose_codecs()
        host, _, port = self._endpoint.transportGetInfo(transport).localName.rpartition(":")
        self.sip_port = int(port)
        self.public_host = self._config.public_host or host.strip("[]")
        self.public_port = self._config.public_port or self.sip_port

    def _transport_config(self) -> pj.TransportConfig:
        transport = pj.TransportConfig()
        transport.port = self._config.port
        if self._config.host not in WILDCARDS:
            transport.boundAddress = self._config.host
        if not self._config.outbound_proxy:
            transport.publicAddress = self._config.public_host
        return transport

    def _choose_codecs(self) -> None:
        wanted = [_CODEC_IDS[codec] for codec in self._config.codecs]
        there = {known.codecId for known in self._endpoint.codecEnum2()}
        missing = [codec for codec in self._config.codecs if _CODEC_IDS[codec] not in there]
        if missing:
            logger.warning("The SIP library was built without %s", ", ".join(missing))
        if len(missing) == len(self._config.codecs):
            raise TelephonyError(f"The SIP library has none of the codecs {', '.join(missing)}: check sip.codecs")
        for known in self._endpoint.codecEnum2():
            rank = wanted.index(known.codecId) if known.codecId in wanted else None
            self._endpoint.codecSetPriority(known.codecId, 0 if rank is None else _TOP_PRIORITY - rank)
            if rank is not None:
                parameters = self._endpoint.codecGetParam(known.codecId)
                parameters.setting.vad = False
                self._endpoint.codecSetParam(known.codecId, parameters)

    def select_accounts(self, select: Callable[[str], int | None] | None) -> None:
        """Let ``select`` choose the account of each incoming call, from the INVITE as text."""
        self._endpoint.select_account = select

    def handle_events(self, timeout_ms: int) -> None:
        """Wait for signalling up to this long and handle it. Call callbacks run in here."""
        self._endpoint.libHandleEvents(timeout_ms)

    def stop_clock(self) -> None:
        """Stop the media clock: from now on no port is asked for frames."""
        try:
            self._endpoint.audDevManager().setNoDev()
        except pj.Error as error:
            logger.error("The media clock did not stop: %s", explain(error))

    def close(self) -> None:
        """Free the library. All calls, ports and accounts must be gone."""
        try:
            self._endpoint.libDestroy(_DESTROY_NO_NETWORK)
        except pj.Error as error:
            logger.error("The SIP library did not close cleanly: %s", explain(error))


def _endpoint_config(config: UserAgentConfig, log_writer: LogWriter) -> pj.EpConfig:
    endpoint = pj.EpConfig()
    endpoint.uaConfig.threadCnt = 0
    endpoint.uaConfig.maxCalls = ASKED_CALLS
    endpoint.uaConfig.userAgent = config.user_agent
    log = endpoint.logConfig
    log.msgLogging = 0
    log.decor = 0
    log.level = log.consoleLevel = CONTENT_LEVEL if config.log_content else QUIET_LEVEL
    log.writer = log_writer
    media = endpoint.medConfig
    media.clockRate = config.rate_hz
    media.channelCount = 1
    media.audioFramePtime = FRAME_MS
    media.quality = RESAMPLE_QUALITY
    media.noVad = True
    media.ecTailLen = 0
    media.jbInit = 0
    media.jbMinPre = config.jitter_min_ms
    media.jbMaxPre = config.jitter_max_ms
    media.jbMax = config.jitter_max_ms + 200
    media.sndAutoCloseTime = -1
    return endpoint


def _native() -> ctypes.CDLL:
    """The C library under pjsua2, for the few things pjsua2 has no name for."""
    return ctypes.CDLL(pj._pjsua2.__file__)


def silence_start() -> None:
    """Until it is configured the library prints to stdout, which may carry something else."""
    try:
        _native().pj_log_set_level(0)
    except (AttributeError, OSError) as error:
        logger.debug("The SIP library prints a few lines while it starts: %s", error)


def _compiled_calls() -> int:
    """How many calls the library was compiled for."""
    try:
        return int(_native().pjsua_call_get_max_count())
    except (AttributeError, OSError) as error:
        logger.warning("The SIP library does not tell how many calls it carries, %d assumed: %s", WHEEL_CALLS, error)
        return WHEEL_CALLS


def _compiled_ipv6() -> bool:
    """Whether the library was compiled for IPv6: it says so among its own settings, and nowhere else."""
    lines: list[bytes] = []
    collect = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)(
        lambda _level, text, _length: lines.append(text)
    )
    try:
        native = _native()
        native.pj_log_get_log_func.restype = ctypes.c_void_p
        native.pj_log_set_log_func.argtypes = [ctypes.c_void_p]
        before = native.pj_log_get_log_func()
        native.pj_log_set_log_func(ctypes.cast(collect, ctypes.c_void_p))
        native.pj_log_set_level(_DUMP_LEVEL)
        native.pj_dump_config()
        native.pj_log_set_level(0)
        native.pj_log_set_log_func(before)
    except (AttributeError, OSError) as error:
        logger.debug("The SIP library does not tell whether it has IPv6: %s", error)
        return False
    return any(re.search(rb"PJ_HAS_IPV6\s*:\s*1", line) for line in lines)


def _start_error(error: pj.Error, config: UserAgentConfig) -> TelephonyError:
    if error.status == _SYSTEM_ERROR + errno.EADDRINUSE:
        return PortInUseError(
            f"UDP port {config.port} on {config.host} is taken by another program: free it, or set sip.port"
        )
    if error.status == _SYSTEM_ERROR + errno.EADDRNOTAVAIL:
        return TelephonyError(f"{config.host} is no address of this machine: check sip.host")
    return TelephonyError(f"The SIP library cannot start: {explain(error)}")
