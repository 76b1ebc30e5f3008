"""The library's accounts: who we are to a PBX, and to callers without one. For the SIP thread only."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pjsua2 as pj

from telephony.line.config import AccountConfig, UserAgentConfig
from telephony.line.endpoint import SipThread, Timer
from telephony.line.library import WILDCARDS, explain
from telephony.line.registration import RegistrationEvent, RegistrationTracker
from telephony.sip import parse_uri
from voicebot.errors import SipMessageError

logger = logging.getLogger(__name__)

IncomingCall = Callable[["LineAccount", int, str], None]
_PLAIN_PASSWORD = 0
_MIN_SESSION_S = 90
_SRTP = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "required": pj.PJMEDIA_SRTP_MANDATORY,
}
# PJ_QOS_PARAM_HAS_DSCP
_QOS_HAS_DSCP = 1


class LineAccount(pj.Account):
    """One account; the one without a registrar takes the calls of everybody else.

    Args:
        sip: the thread it lives on.
        on_incoming: told (account, the library's number of the call, the INVITE as text).
        on_registration: told when the state of the registration changes.
        config: the account at the PBX, None for calls without one.
    """

    def __init__(
        self,
        sip: SipThread,
        on_incoming: IncomingCall,
        on_registration: Callable[[RegistrationEvent], None],
        config: AccountConfig | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.host = host_of(config.registrar) if config is not None else ""
        self._sip = sip
        self._on_incoming = on_incoming
        self._on_registration = on_registration
        self._tracker = RegistrationTracker(config) if config is not None else None
        self._retry: Timer | None = None
        self._leaving: Callable[[LineAccount], None] | None = None

    @property
    def registered(self) -> bool:
        """Whether the PBX knows us."""
        return self._tracker is not None and self._tracker.registered

    def open(self, agent: UserAgentConfig) -> None:
        """Make the account known to the library; nothing is sent yet."""
        library = self._sip.library
        config = _library_config(self.config, agent, library.public_host, library.public_port, library.has_ipv6)
        self.create(config, self.config is None)

    def register(self) -> None:
        """Send a REGISTER; repeated by itself until it succeeds, and refreshed. Nothing for a static account."""
        if self.config is None or not self.config.registers:
            return
        try:
            self.setRegistration(True)
        except pj.Error as error:
            self._follow(0, explain(error), 0)

    def unregister(self, done: Callable[[LineAccount], None]) -> None:
        """Leave the PBX, if it knows us; ``done`` is called when it has answered."""
        if self._retry is not None:
            self._retry.cancel()
        if not self.registered:
            done(self)
            return
        self._leaving = done
        try:
            self.setRegistration(False)
        except pj.Error as error:
            logger.warning("account %s: %s", self.config.name if self.config else "", explain(error))
            self._left()

    def close(self) -> None:
        """Remove the account from the library. Calls of it must be gone."""
        if self._retry is not None:
            self._retry.cancel()
        self._leaving = None
        if self.isValid():
            self.shutdown()

    def onIncomingCall(self, prm: pj.OnIncomingCallParam) -> None:  # noqa: N802
        """Pass an INVITE on."""
        try:
            self._on_incoming(self, prm.callId, prm.rdata.wholeMsg)
        except Exception:
            # Raised into the library it would be printed and lost.
            logger.exception("An incoming call could not be taken")

    def onRegState(self, prm: pj.OnRegStateParam) -> None:  # noqa: N802
        """Follow the registrar's answers."""
        try:
            if self._leaving is not None:
                self._left()
            else:
                self._follow(prm.code, prm.reason, prm.expiration)
        except Exception:
            logger.exception("The answer of a registrar could not be handled")

    def _left(self) -> None:
        done, self._leaving = self._leaving, None
        if done is not None:
            self._sip.post(lambda: done(self))

    def _follow(self, status: int, reason: str, expires_s: int) -> None:
        if self._tracker is None:
            return
        event, news = self._tracker.feed(status, reason, expires_s)
        if not event.registered:
            logger.warning("%s", event)
            self._retry = self._sip.call_later(event.retry_s, self.register)
        elif news:
            logger.info("%s", event)
        if news:
            self._on_registration(event)


def host_of(uri: str) -> str:
    """Return the host of a SIP URI in lower case; "" if it cannot be read."""
    try:
        return parse_uri(uri.strip().removeprefix("<").partition(">")[0]).host.lower()
    except SipMessageError:
        return ""


def _library_config(
    account: AccountConfig | None, agent: UserAgentConfig, public_host: str, public_port: int, ipv6: bool
) -> pj.AccountConfig:
    place = f"[{public_host}]" if ":" in public_host else public_host
    config = pj.AccountConfig()
    # A PBX rings what was registered, and tells by nothing else which of its extensions it means.
    user = account.username if account is not None and account.registers else agent.contact_user
    config.sipConfig.contactForced = f"<sip:{user}@{place}:{public_port}>"
    if agent.outbound_proxy:
        config.sipConfig.proxies.append(agent.outbound_proxy)
    if account is None:
        config.idUri = f"sip:voicebot@{place}:{public_port}"
    else:
        registrar = account.registrar.strip("<>")
        config.idUri = f"sip:{account.username}@{registrar.partition(':')[2].partition(';')[0].rpartition('@')[2]}"
        config.regConfig.registrarUri = registrar
        config.regConfig.timeoutSec = account.expires_s
    # A trunk may challenge calls that come in without matching the account: the credentials serve both.
    for owner in agent.accounts if account is None else (account,):
        credentials = pj.AuthCredInfo("digest", owner.realm, owner.username, _PLAIN_PASSWORD, owner.password)
        config.sipConfig.authCreds.append(credentials)
    config.regConfig.registerOnAdd = False
    # The library repeats only some failures; RegistrationTracker decides for all of them.
    config.regConfig.retryIntervalSec = 0
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_OPTIONAL
    config.callConfig.timerMinSESec = _MIN_SESSION_S
    config.callConfig.timerSessExpiresSec = agent.session_timer_s
    _set_addresses(config, agent)
    _set_media(config.mediaConfig, agent, ipv6)
    return config


def _set_addresses(config: pj.AccountConfig, agent: UserAgentConfig) -> None:
    """Addresses are configured, not guessed from what peers see."""
    nat = config.natConfig
    nat.contactRewriteUse = nat.viaRewriteUse = nat.sdpNatRewriteUse = nat.sipOutboundUse = 0
    nat.iceEnabled = False
    audio = config.mediaConfig.transportConfig
    audio.port = agent.rtp_port
    audio.portRange = agent.rtp_ports if agent.rtp_port else 0
    audio.publicAddress = agent.public_host
    host = agent.rtp_host or agent.host
    if host not in WILDCARDS:
        audio.boundAddress = host


def _set_media(media: pj.AccountMediaConfig, agent: UserAgentConfig, ipv6: bool) -> None:
    host = agent.rtp_host or agent.host
    if host == "::":
        # One address cannot be right for both families: each call gets that of its caller's family.
        media.transportConfig.publicAddress = ""
        if ipv6:
            media.ipv6Use = pj.PJSUA_IPV6_ENABLED_PREFER_IPV4
    elif ":" in host:
        media.ipv6Use = pj.PJSUA_IPV6_ENABLED_USE_IPV6_ONLY
    media.srtpUse = _SRTP[agent.srtp]
    # The keys travel in clear text to the edge, on this machine; how they go on is up to the transport outside.
    media.srtpSecureSignaling = 0
    if agent.dscp:
        media.transportConfig.qosParams.flags = _QOS_HAS_DSCP
        media.transportConfig.qosParams.dscp_val = agent.dscp
