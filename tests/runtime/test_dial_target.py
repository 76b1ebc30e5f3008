from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.uri import parse_uri
from voicebot.errors import TransferError
from voicebot.runtime.dial_target import escape_user, fill_template, read_address

# RFC 3261 section 25.1: all that may stand in a SIP URI as we write them.
SIP_URI = re.compile(
    r"sips?:(?:(?:[A-Za-z0-9\-_.!~*'()&=+$/]|%[0-9A-Fa-f]{2})+@)?[a-z0-9_.\-\[\]:]+(?:;[\w.!~*'()%=+-]+)*"
)
NASTY = st.text(st.one_of(st.sampled_from(string.printable + "\x00\x85\u2028号"), st.characters()), max_size=40)


def fill(template: str, value: str, host: str = "10.0.0.5") -> str:
    return fill_template(template, {"value": value, "caller": "139"}, host, "group_uri")


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("1001", "1001"),
        ("+8613800138000", "+8613800138000"),
        ("*72#", "*72%23"),
        ("销售", "%E9%94%80%E5%94%AE"),
        ("Sales East", "Sales%20East"),
        ("b<c>d@e:f", "b%3Cc%3Ed%40e%3Af"),
    ],
)
def test_a_value_is_escaped(value: str, escaped: str) -> None:
    assert escape_user(value) == escaped
    assert parse_uri(f"sip:{escaped}@pbx").plain_user == value


@pytest.mark.parametrize(
    "value", ["1\r\nX-Evil: yes", "1\n", "a\x00b", "a\u2028b", "\x7f", *"%;?,", "a%0D%0Ab", "9" * 129]
)
def test_a_value_that_is_no_name_is_refused(value: str) -> None:
    with pytest.raises(TransferError, match="whom to transfer to") as caught:
        escape_user(value)
    assert len(value) == 1 or value not in caught.value.message


@given(NASTY)
def test_whatever_a_value_is_it_stays_in_the_user_part(value: str) -> None:
    try:
        uri = fill("sip:{value}@{pbx}", value)
    except TransferError:
        return
    assert SIP_URI.fullmatch(uri)
    read = parse_uri(uri)
    assert (read.plain_user, read.host, read.params, read.headers) == (value, "10.0.0.5", {}, "")


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("sip:{value}@{pbx}", "sip:7@10.0.0.5"),
        ("queue-{value}@{pbx}:5070", "sip:queue-7@10.0.0.5:5070"),
        ("sip:{caller}-{value}@pbx.example;transport=udp;lr", "sip:139-7@pbx.example;transport=udp;lr"),
        ("sip:600@{pbx};group={value}", "sip:600@10.0.0.5;group=7"),
    ],
)
def test_a_template_is_filled(template: str, uri: str) -> None:
    assert fill(template, "7") == uri


@pytest.mark.parametrize(
    ("template", "value", "message"),
    [
        ("sip:{valeu}@{pbx}", "7", r"sip\.transfer\.group_uri: \{valeu\} is not known here; known are \{value\}"),
        ("sip:{value}@{pbx}", "", r"sip\.transfer\.group_uri: not a SIP address"),
        ("sip:{value}", "a@evil.example", r"sip\.transfer\.group_uri: not a SIP address"),
        ("sip:{value}@{pbx}?Route=x", "7", "headers"),
        ("tel:{value}", "7", "tel: number"),
    ],
)
def test_a_template_that_makes_no_address_says_so(template: str, value: str, message: str) -> None:
    with pytest.raises(TransferError, match=message):
        fill(template, value)


def test_a_template_that_needs_the_pbx_says_so() -> None:
    with pytest.raises(TransferError, match=r"sip\.accounts, or a host in sip\.transfer\.group_uri"):
        fill("sip:{value}@{pbx}", "7", host="")


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("1001@10.10.10.10:5060", "sip:1001@10.10.10.10:5060"),
        ("sip:1001@10.10.10.10:5060", "sip:1001@10.10.10.10:5060"),
        ("SIPS:1001@pbx.example", "sips:1001@pbx.example"),
        (" <sip:1001@[2001:db8::5]:5062;transport=udp> ", "sip:1001@[2001:db8::5]:5062;transport=udp"),
        ("+861380013@pbx;user=phone", "sip:+861380013@pbx;user=phone"),
        ("客服@10.0.0.5", "sip:%E5%AE%A2%E6%9C%8D@10.0.0.5"),
        ("%E5%AE%A2@10.0.0.5", "sip:%E5%AE%A2@10.0.0.5"),
        ("10.0.0.5:5070", "sip:10.0.0.5:5070"),
        *((bare, "") for bare in ("1001", " +8613800138000", "*72", "138-0013-8000", "front_desk")),
    ],
)
def test_an_address_is_understood(address: str, uri: str) -> None:
    assert read_address(address) == uri


NOT_ADDRESSES = """
nobody is here
a@b@c
@10.0.0.5
sip:
sip:?X=1
1001@10.0.0.5:0
http://10.0.0.5
tel:110
10 01@10.0.0.5
1001@10.0.0.5 x
1001@10.0.0.5?Replaces=x
1?@10.0.0.5
1001@10.0.0.5;maddr=10.9.9.9
1001@10.0.0.5;transport
1001@10.0.0.5;transport=a,b
a;b@10.0.0.5
1001@10.0.0.5>;x=<sip:y@z
<sip:1001@10.0.0.5
<1001@10.0.0.5>;x
"Ann" <sip:1001@10.0.0.5>
a%0D%0Ab@10.0.0.5
a%00@10.0.0.5
a%250D@10.0.0.5
a%3Bb@10.0.0.5
a,b@10.0.0.5
a%@10.0.0.5
ann:secret@10.0.0.5
1001@坐席
""".strip().splitlines()
BROKEN_LINES = ["", "1001@10.0.0.5\r\nX-Evil: yes", "1001@10.0.0.5\nX-Evil: yes", "9" * 600 + "@10.0.0.5"]


@pytest.mark.parametrize("address", [*NOT_ADDRESSES, *BROKEN_LINES])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(TransferError, match="the address: ") as caught:
        read_address(address)
    # Errors are logged, and an address may be a caller's number.
    assert not address or address not in caught.value.message


@given(st.one_of(NASTY, NASTY.map("1001@10.0.0.5{}".format), NASTY.map("sip:{}@10.0.0.5".format)))
def test_whatever_an_address_is_nothing_else_comes_of_it(address: str) -> None:
    try:
        uri = read_address(address)
    except TransferError:
        return
    assert uri == "" or SIP_URI.fullmatch(uri)
    assert parse_uri(uri).headers == "" if uri else True
