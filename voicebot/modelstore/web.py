"""HTTP for downloads: certificates, credentials, time-outs, and errors that say what to do next."""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

TIMEOUT_S = 20.0
_CA_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchError(Exception):
    """A source did not give what it was asked for; the next one may. It never leaves the model store.

    Attributes:
        reason: short and free of credentials.
        status: HTTP status, 0 if there was no answer.
        unreachable: the host did not answer at all; asking it for other files is useless.
    """

    def __init__(self, reason: str, status: int = 0, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.unreachable = unreachable

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status in _RETRYABLE or (self.status == 0 and not self.unreachable)


class Web:
    """Opens addresses."""

    def __init__(
        self, timeout_s: float = TIMEOUT_S, ca_file: str = "", environ: Mapping[str, str] | None = None
    ) -> None:
        """Set up.

        Args:
            timeout_s: longest wait for a connection, and for each piece of the answer.
            ca_file: certificates to trust, in PEM; empty: those pip is told to trust, else the system's.
            environ: environment variables; None: those of this process.
        """
        self._timeout_s = timeout_s
        variables = os.environ if environ is None else environ
        chosen = ca_file or next((variables[name] for name in _CA_VARIABLES if variables.get(name)), "")
        context = ssl.create_default_context(cafile=chosen if os.path.isfile(chosen) else None)
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """Open an address and return the response, a context manager.

        Raises:
            FetchError: no answer, or one that is not a success.
        """
        address, authorization = split_credentials(url)
        try:
            request = urllib.request.Request(address, headers={"User-Agent": "voicebot", **(headers or {})})
        except ValueError as error:
            raise FetchError(f"{address!r} is not an address", unreachable=True) from error
        if authorization:
            # Unredirected: the credentials are for this host and not for whatever it redirects to.
            request.add_unredirected_header("Authorization", authorization)
        try:
            return self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            error.close()
            raise FetchError(f"HTTP {error.code}", status=error.code) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            # A host that hung up did answer, and may do better the next time.
            hung_up = isinstance(reason, (ConnectionResetError, http.client.HTTPException))
            raise FetchError(_describe(reason), unreachable=not hung_up) from error

    def read(
        self, url: str, headers: Mapping[str, str] | None = None, limit_bytes: int = 32 * 1024 * 1024
    ) -> tuple[bytes, str]:
        """Read a small document.

        Returns:
            Its bytes and its media type.

        Raises:
            FetchError: see ``open``; also if it is larger than the limit.
        """
        with self.open(url, headers) as response:
            try:
                body: bytes = response.read(limit_bytes + 1)
            except (OSError, http.client.HTTPException) as error:
                raise FetchError(_describe(error)) from error
            if len(body) > limit_bytes:
                raise FetchError(f"the answer is larger than {limit_bytes} bytes", status=200)
            return body, response.headers.get_content_type()


def split_credentials(url: str) -> tuple[str, str]:
    """Split ``https://user:password@host/…`` into the bare address and an Authorization header ("" for none)."""
    parts = _split(url)
    if "@" not in parts.netloc:
        return url, ""
    credentials, _, host = parts.netloc.rpartition("@")
    token = base64.b64encode(unquote(credentials).encode()).decode("ascii")
    return urlunsplit(parts._replace(netloc=host)), f"Basic {token}"


def host_of(url: str) -> str:
    """Return scheme and host of an address, without credentials."""
    parts = _split(split_credentials(url)[0])
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise FetchError(f"{url!r} is not an address", unreachable=True) from error


def _describe(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, http.client.IncompleteRead):
        return "the connection was cut"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__
