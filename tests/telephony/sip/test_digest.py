"""Digest authentication, by the examples of RFC 7616 and by what must be refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.digest import challenge, parse_credentials
from voicebot.errors import SipMessageError

# RFC 7616 section 3.9.1.
COMMON = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", {algorithm}'
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{response}"'
)
MD5 = COMMON.format(algorithm="algorithm=MD5, ", response="8ca523f5e9506fed4657c9700eebdbec")
SHA256 = COMMON.format(
    algorithm="algorithm=SHA-256, ", response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
)


@pytest.mark.parametrize("value", [MD5, SHA256, MD5.replace("algorithm=MD5, ", "")])
def test_the_examples_of_the_rfc(value: str) -> None:
    credentials = parse_credentials(value)
    assert credentials is not None
    assert (credentials.username, credentials.count) == ("Mufasa", 1)
    assert credentials.proves("GET", "Circle of Life")
    assert not credentials.proves("GET", "Circle of life")
    assert not credentials.proves("POST", "Circle of Life")


def test_another_scheme_is_nobody() -> None:
    assert parse_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") is None


@pytest.mark.parametrize(
    "value",
    [
        "Digest",
        MD5.replace(", qop=auth", ""),
        MD5.replace("nc=00000001", "nc=1"),
        MD5.replace("Mufasa", ""),
        MD5.replace("algorithm=MD5", "algorithm=MD5-sess"),
        MD5 + ', qop="auth"',
        MD5.replace('"Mufasa"', '"Mufasa'),
        MD5.replace('response="8', 'response="\u00e9'),
    ],
)
def test_malformed(value: str) -> None:
    with pytest.raises(SipMessageError):
        parse_credentials(value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_credentials(f"Digest {text}")
    except SipMessageError:
        return


def test_challenges() -> None:
    assert challenge("voicebot", "abc", "SHA-256", stale=True) == (
        'Digest realm="voicebot", nonce="abc", algorithm=SHA-256, qop="auth", stale=true'
    )
