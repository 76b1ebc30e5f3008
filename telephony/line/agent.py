"""The line of a process: takes and makes SIP calls, registers, and cleans up in the right order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from telephony.line.accounts import LineAccount, host_of
from telephony.line.call import SipCallLeg
from telephony.line.config import UserAgentConfig, rtp_ports
from telephony.line.ending import BUSY_HERE, SHUTTING_DOWN
from telephony.line.endpoint import SipThread
from telephony.line.invite import from_host, read_invite
from telephony.line.media_port import PortPool
from telephony.line.registration import RegistrationEvent
from telephony.line.sip_call import CallContext, LiveCall, SipCall
from voicebot.conversation.leg import CallInfo, HangupCause

logger = logging.getLogger(__name__)

STOP_TIMEOUT_S = 2.0


class LineAgent:
    """The SIP user agent of this process. There can be only one in the life of a process.

    All methods and callbacks are for the event loop.

    Args:
        config: settings.
        loop: the event loop.
        on_call: told of each incoming call, which rings until ``leg.start`` or ``leg.reject``.
        on_registration: told when an account is registered, or is not any more.
    """

    def __init__(
        self,
        config: UserAgentConfig,
        loop: asyncio.AbstractEventLoop,
        on_call: Callable[[SipCallLeg], None],
        on_registration: Callable[[RegistrationEvent], None] = lambda event: None,
    ) -> None:
        self._config = config
        self._loop = loop
        self._on_call = on_call
        self._on_registration = on_registration
        self._sip = SipThread(config)
        self._started = False
        self._sip_port = 0
        self._max_calls = 0
        # On the SIP thread:
        self._local: LineAccount | None = None
        self._accounts: list[LineAccount] = []
        self._live: set[LiveCall] = set()
        self._leaving: set[LineAccount] = set()
        self._ports = PortPool(config.rate_hz)
        self._context = CallContext(self._sip, config, self._ports, self._account_for, self._live.add, self._released)
        self._stopping = False
        self._idle: asyncio.Event | None = None

    # --- for the event loop

    @property
    def rate_hz(self) -> int:
        """Sample rate of all calls."""
        return self._config.rate_hz

    @property
    def sip_port(self) -> int:
        """The bound UDP port."""
        return self._sip_port

    @property
    def max_calls(self) -> int:
        """Calls that the library carries in one process, consultation calls included."""
        return self._max_calls

    @property
    def calls(self) -> int:
        """Calls that hold a place in the library right now, consultation calls included."""
        return len(self._live)

    async def start(self) -> None:
        """Open the SIP port, and register if the settings say so.

        Raises:
            PortInUseError: another program has the port.
            TelephonyError: the library or an account cannot be set up.
        """
        await asyncio.wrap_future(self._sip.start())
        self._started = True
        await asyncio.wrap_future(self._sip.run(self._open))
        if self._config.register:
            self.register()

    def register(self) -> None:
        """Register all accounts from now on."""
        self._sip.post(self._register)

    async def call(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        *,
        local_uri: str = "",
        info: CallInfo | None = None,
    ) -> SipCallLeg:
        """Ring somebody. The INVITE is sent at once; ``leg.start`` says who listens and speaks.

        Args:
            target: a SIP URI.
            headers: further headers of the INVITE.
            local_uri: who calls, for From; "" for the account's own address.
            info: what the conversation is to know of the call, its Call-ID apart; None: the target.

        Raises:
            TelephonyError: the INVITE cannot be sent (no such address, no free call).
        """
        leg = SipCallLeg(self._sip, self._loop, self._config)
        await asyncio.wrap_future(self._sip.run(lambda: self._dial(leg, target, headers or {}, local_uri, info)))
        return leg

    async def stop(self) -> None:
        """End all calls and registrations, free the library. Harmless when it never started."""
        if not self._started:
            return
        self._started = False
        idle = asyncio.Event()
        await asyncio.wrap_future(self._sip.run(lambda: self._quit(idle)))
        try:
            await asyncio.wait_for(idle.wait(), STOP_TIMEOUT_S)
        except asyncio.TimeoutError:
            logger.warning("%d calls or registrations did not end in time", len(self._live))
        await asyncio.wrap_future(self._sip.run(self._free))
        await asyncio.to_thread(self._sip.close)

    # --- on the SIP thread

    def _open(self) -> None:
        self._sip_port = self._sip.library.sip_port
        self._max_calls = self._sip.library.max_calls
        opened = replace(self._config, rtp_ports=rtp_ports(self._config.rtp_ports, self._max_calls))
        self._local = LineAccount(self._sip, self._incoming, self._tell_registration)
        self._local.open(opened)
        for config in self._config.accounts:
            account = LineAccount(self._sip, self._incoming, self._tell_registration, config)
            account.open(opened)
            self._accounts.append(account)
        self._sip.library.select_accounts(self._select_account)

    def _register(self) -> None:
        for account in self._accounts:
            account.register()

    def _account_for(self, target: str) -> LineAccount:
        """The account of the PBX a call goes to or comes from, else the one without a registrar."""
        return self._account_at(host_of(target))

    def _account_at(self, host: str) -> LineAccount:
        local = self._local
        if local is None:
            raise RuntimeError("the agent is not started")
        return next((account for account in self._accounts if host and account.host == host), local)

    def _select_account(self, invite: str) -> int | None:
        """A call from a PBX is its account's: the PBX may ask for credentials in the course of it."""
        host = from_host(invite)
        return next((account.getId() for account in self._accounts if host and account.host == host), None)

    def _incoming(self, account: LineAccount, library_id: int, invite: str) -> None:
        """Inside a callback of the library: take the call, and do everything else afterwards."""
        refusal = SHUTTING_DOWN if self._stopping else 0
        if 0 < self._config.max_calls <= len(self._live):
            refusal = refusal or BUSY_HERE
        leg = SipCallLeg(self._sip, self._loop, self._config)
        call = SipCall(self._context, leg, leg.pump, incoming=True)
        call_id = call.take(account, library_id)
        leg.attach(call, read_invite(invite, call_id, self._config.contact_user), incoming=True)
        if refusal:
            self._sip.post(lambda: call.refuse(refusal))
            return
        self._sip.post(call.ring)
        self._loop.call_soon_threadsafe(self._on_call, leg)

    def _dial(
        self, leg: SipCallLeg, target: str, headers: Mapping[str, str], local_uri: str, info: CallInfo | None
    ) -> None:
        call = SipCall(self._context, leg, leg.pump, incoming=False)
        call_id = call.dial(target, headers, local_uri)
        known = info or CallInfo("", "", target, dict(headers))
        leg.attach(call, replace(known, call_id=call_id), incoming=False)

    def _tell_registration(self, event: RegistrationEvent) -> None:
        self._loop.call_soon_threadsafe(self._on_registration, event)

    def _released(self, call: LiveCall) -> None:
        self._live.discard(call)
        self._check_idle()

    def _quit(self, idle: asyncio.Event) -> None:
        self._stopping = True
        self._idle = idle
        self._leaving = set(self._accounts)
        for call in list(self._live):
            call.hang_up(HangupCause.SHUTDOWN)
        for account in self._accounts:
            account.unregister(self._left)
        self._check_idle()

    def _left(self, account: LineAccount) -> None:
        self._leaving.discard(account)
        self._check_idle()

    def _check_idle(self) -> None:
        if self._idle is not None and not self._live and not self._leaving:
            self._loop.call_soon_threadsafe(self._idle.set)

    def _free(self) -> None:
        self._idle = None
        for call in list(self._live):
            call.drop()
        self._sip.library.select_accounts(None)
        self._sip.library.stop_clock()
        self._ports.clear()
        for account in (*self._accounts, self._local):
            if account is not None:
                account.close()
        self._leaving.clear()
        self._accounts.clear()
        self._local = None
