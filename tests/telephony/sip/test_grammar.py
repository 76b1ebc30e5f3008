import pytest

from telephony.sip.grammar import is_token, parse_number, parse_params, parse_port, split_list, unquote
from voicebot.errors import SipMessageError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ["a"]),
        (" a , b ", ["a", "b"]),
        ('"a, b" <sip:x@y>, <sip:z,z@y;lr>', ['"a, b" <sip:x@y>', "<sip:z,z@y;lr>"]),
        (r'"a\", b", c', [r'"a\", b"', "c"]),
        ('"open, never closed', ['"open, never closed']),
        ("a,,b", ["a", "", "b"]),
    ],
)
def test_lists_split_outside_quotes_and_brackets(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


def test_unterminated_quotes_stay_linear() -> None:
    # Quadratic at this length would run into the test's time limit.
    assert len(split_list('"\\' * 400_000 + ",a")) == 1


def test_params_keep_flags_and_unquote_values() -> None:
    assert dict(parse_params(';Tag=1;lr;x="a;\\"b"')) == {"tag": "1", "lr": None, "x": 'a;"b'}


@pytest.mark.parametrize("text", [";;", ";=1", "".join(f";p{n}" for n in range(65)), ";a=1;A=2", "a=1", ';a="open'])
def test_malformed_params(text: str) -> None:
    with pytest.raises(SipMessageError):
        parse_params(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "²", "٣", "9" * 5000])
def test_only_plain_decimal_numbers(text: str) -> None:
    with pytest.raises(SipMessageError):
        parse_number(text, "Number", 10**30)


def test_numbers_and_ports_have_limits() -> None:
    assert parse_number("0068", "Max-Forwards", 255) == 68
    assert parse_port(None) is None
    for port in ("0", "65536"):
        with pytest.raises(SipMessageError):
            parse_port(port)


def test_tokens() -> None:
    assert is_token("!interesting-Method0123456789_*+`.%indeed'~")
    assert not is_token("")
    assert not is_token("a b")


def test_unquote_wants_the_closing_quote() -> None:
    assert unquote('"a\\\\b"') == "a\\b"
    with pytest.raises(SipMessageError):
        unquote('"a\\"')
