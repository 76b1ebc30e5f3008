"""Certificates and what is demanded of those of others."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import TelephonyError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """Settings of SIP over TLS.

    Attributes:
        port: public TCP port; 0 takes any free one.
        certificate: our certificate and its chain (PEM); None: no calls come in by TLS.
        key: its private key, None if it is in the same file.
        authorities: certificates (PEM) that sign those of peers; None: the system's.
        verify_callers: callers need a certificate.
        verify_servers: servers that we call need one, for the name they are called by.
    """

    port: int = 5061
    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    verify_callers: bool = False
    verify_servers: bool = True


class Certificates:
    """TLS for both directions, with certificates that may be renewed while it runs.

    Args:
        config: files and demands.

    Raises:
        TelephonyError: a file cannot be used.
    """

    def __init__(self, config: TlsConfig) -> None:
        self._config = config
        self._stamps = self._stat()
        self.incoming = self._incoming() if config.certificate is not None else None
        self.outgoing = self._outgoing()

    def renew(self) -> bool:
        """Load the certificate again if its files have changed; connections that are up keep the old one.

        Returns:
            Whether a new certificate is in use. One that cannot be loaded is reported, and the old one stays.
        """
        stamps = self._stat()
        if stamps == self._stamps:
            return False
        try:
            # Tried on a context of its own first: a key that does not fit must not break the one in use.
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            for context in (self.incoming, self.outgoing):
                if context is not None:
                    self._load(context)
        except TelephonyError as error:
            log.error("The renewed certificate is not used: %s", error.message)
            return False
        self._stamps = stamps
        log.info("SIP over TLS has a new certificate")
        return True

    def _incoming(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(context)
        if self._config.verify_callers:
            context.verify_mode = ssl.CERT_REQUIRED
            self._trust(context, ssl.Purpose.CLIENT_AUTH)
        return context

    def _outgoing(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._config.verify_servers:
            self._trust(context, ssl.Purpose.SERVER_AUTH)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._config.certificate is not None:
            self._load(context)
        return context

    def _trust(self, context: ssl.SSLContext, purpose: ssl.Purpose) -> None:
        if self._config.authorities is None:
            context.load_default_certs(purpose)
            return
        try:
            context.load_verify_locations(self._config.authorities)
        except OSError as error:
            raise TelephonyError(f"sip.tls.authorities: {self._config.authorities}: {_words(error)}") from error

    def _load(self, context: ssl.SSLContext) -> None:
        certificate = self._config.certificate
        if certificate is None:
            return
        try:
            context.load_cert_chain(certificate, self._config.key)
        except OSError as error:
            raise TelephonyError(f"sip.tls.certificate: {certificate}: {_words(error)}") from error

    def _stat(self) -> tuple[float, ...]:
        files = (self._config.certificate, self._config.key)
        return tuple(path.stat().st_mtime if path is not None and path.exists() else 0.0 for path in files)


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"no certificate, or a key that does not fit ({error.reason or 'unreadable'})"
    return error.strerror or str(error)
