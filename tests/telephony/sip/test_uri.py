import pytest

from telephony.sip import parse_name_addr, parse_uri
from voicebot.errors import SipMessageError


def test_every_part_of_a_sip_uri() -> None:
    uri = parse_uri("sip:alice:pw@Atlanta.example.com:5070;transport=udp;lr?subject=x")
    assert (uri.scheme, uri.user, uri.host, uri.port) == ("sip", "alice:pw", "atlanta.example.com", 5070)
    assert dict(uri.params) == {"transport": "udp", "lr": None}
    assert uri.headers == "subject=x"
    assert uri.plain_user == "alice"


def test_parameters_inside_the_user_part_belong_to_the_user() -> None:
    # RFC 4475 section 3.1.1.9
    uri = parse_uri("sip:user;par=u%40example.net@example.com")
    assert (uri.user, uri.plain_user, dict(uri.params)) == ("user;par=u%40example.net", "user", {})


def test_ports_default_by_scheme() -> None:
    assert parse_uri("sip:example.com").target_port == 5060
    assert parse_uri("sips:example.com").target_port == 5061
    assert parse_uri("sip:[2001:DB8::1]:5080").host == "2001:db8::1"


def test_tel_uri() -> None:
    uri = parse_uri("tel:+358-555-1234567;postd=pp22")
    assert (uri.scheme, uri.user, uri.host, dict(uri.params)) == ("tel", "+358-555-1234567", "", {"postd": "pp22"})


@pytest.mark.parametrize("text", ["nobodyKnowsThisScheme:totallyopaquecontent", "http://www.example.com"])
def test_foreign_schemes_get_416(text: str) -> None:
    with pytest.raises(SipMessageError) as error:
        parse_uri(text)
    assert error.value.status == 416


@pytest.mark.parametrize(
    "text",
    ["", "sip", "sip:", "sip:@host", "sip:a@b@c", "sip:a b@c", "<sip:a@b>", "sip:a@b:0", "sip:a@b:99999", "sip:a@b;=1",
     "sip:a@ho/st", "tel:", "sip:a@b:٣"],
)  # fmt: skip
def test_malformed_uris_get_400(text: str) -> None:
    with pytest.raises(SipMessageError) as error:
        parse_uri(text)
    assert error.value.status == 400


def test_name_addr_forms() -> None:
    quoted = parse_name_addr('"Watson, \\"T\\"" <sip:t@h;user=phone>;tag=7')
    assert (quoted.display, quoted.uri, quoted.tag) == ('"Watson, \\"T\\""', "sip:t@h;user=phone", "7")
    tokens = parse_name_addr("caller<sip:caller@example.com>;tag=323")
    assert (tokens.display, tokens.tag) == ("caller", "323")
    # Section 20.10: without brackets the parameters are the header's.
    bare = parse_name_addr("sip:a@b;tag=9")
    assert (bare.uri, bare.tag) == ("sip:a@b", "9")


@pytest.mark.parametrize("text", ['"Mr. J. User <sip:a@b>', "<sip:a@b", "sip:a@b?x=y", "", "<>", "<sip:a@b>>", "a <x>"])
def test_malformed_addresses(text: str) -> None:
    with pytest.raises(SipMessageError):
        parse_name_addr(text)
