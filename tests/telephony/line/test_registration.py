from __future__ import annotations

from telephony.line.config import AccountConfig
from telephony.line.registration import RegistrationTracker


def tracker() -> RegistrationTracker:
    return RegistrationTracker(AccountConfig("pbx", "sip:10.0.0.5", "100", "secret", retry_s=30, max_retry_s=200))


def test_first_success_is_news_and_refreshes_are_not() -> None:
    account = tracker()
    event, news = account.feed(200, "OK", 300)
    assert (event.registered, event.expires_s, event.retry_s, news) == (True, 300, 0, True)
    assert account.feed(200, "OK", 300)[1] is False


def test_failures_back_off_up_to_a_limit_and_success_starts_over() -> None:
    account = tracker()
    assert [account.feed(403, "Forbidden", 0)[0].retry_s for _ in range(5)] == [30, 60, 120, 200, 200]
    account.feed(200, "OK", 300)
    assert account.feed(503, "", 0)[0].retry_s == 30


def test_losing_a_registration_is_news_and_so_is_getting_it_back() -> None:
    account = tracker()
    account.feed(200, "OK", 300)
    event, news = account.feed(408, "Request Timeout", 0)
    assert (event.registered, news) == (False, True)
    assert account.feed(200, "OK", 300)[1] is True


def test_a_success_without_time_is_no_registration() -> None:
    assert tracker().feed(200, "OK", 0)[0].registered is False


def test_the_line_for_the_log_says_what_to_do_and_holds_no_secret() -> None:
    event, _ = tracker().feed(403, "Forbidden", 0)
    assert str(event) == (
        "account pbx: the registrar answered 403 Forbidden (it refuses this account or address); next try in 30 s"
    )
    assert "secret" not in repr(AccountConfig("pbx", "sip:10.0.0.5", "100", "secret"))
