from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.speech.synthesis.clauses import LONGEST_CLAUSE_WEIGHT, clauses, sentences, syllables
from voicebot.speech.synthesis.speakable import has_speech, speakable

_TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["您好", "，", "。", "？", "3.5", "10:30", "http://a.cn/x.y", " ", "\n", "Mr. Wang",
             "Hello", ". ", ", ", "**", "- ", "(",
              "”", "…", "王先生", "😀", "1,000", "!", "—"]
        ),
        max_size=30,
    ).map("".join),
)  # fmt: skip


@given(_TEXTS)
def test_the_clauses_joined_are_the_speakable_text(text: str) -> None:
    assert "".join(clauses(text)) == speakable(text)


@given(_TEXTS)
def test_every_clause_and_sentence_has_substance(text: str) -> None:
    for part in [*clauses(text), *sentences(text)]:
        assert part.strip()
    assert bool(clauses(text)) == has_speech(speakable(text))


@given(st.text(alphabet="您好王先生明天见", min_size=1, max_size=400))
def test_text_without_punctuation_is_cut_to_what_a_model_takes(text: str) -> None:
    assert all(syllables(clause) <= LONGEST_CLAUSE_WEIGHT for clause in clauses(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("您好，请问您是王先生吗？", ["您好，", "请问您是王先生吗？"]),
        ("好。您预约了明天的体检，请问您能来吗？", ["好。您预约了明天的体检，", "请问您能来吗？"]),
        ("您好，嗯，好的，是这样，我们明天见。", ["您好，", "嗯，好的，是这样，我们明天见。"]),
        ("Hello, how can I help you today?", ["Hello, how can I help you today?"]),
        ("Thank you for calling. Goodbye, then.", ["Thank you for calling. ", "Goodbye, then."]),
        ("余额是3.5元，时间是10:30，共1,000次。", ["余额是3.5元，", "时间是10:30，共1,000次。"]),
        ("Dr. Smith is in the U.S. today, at 9 a.m. sharp.", ["Dr. Smith is in the U.S. today, ", "at 9 a.m. sharp."]),
        ("请看https://a.cn/b,c.html。谢谢您的来电。", ["请看https://a.cn/b,c.html。", "谢谢您的来电。"]),
        ("他说：“好的。”然后走了。", ["他说：", "“好的。”", "然后走了。"]),
        ("再见。好", ["再见。好"]),
        # Without punctuation, a long one is cut where a person draws breath; the first one sooner.
        (
            "跟您确认一下您预约的是明天下午三点的口腔检查如果您时间不方便我们可以帮您改到后天上午",
            ["跟您确认一下您预约的是明天下午三点的口腔检查", "如果您时间不方便我们可以帮您改到后天上午"],
        ),
        (
            "I can put you through to our billing team because they can look into your account and the last payment.",
            [
                "I can put you through to our billing team ",
                "because they can look into your account and the last payment.",
            ],
        ),
        ("您先挂号然后到二楼找王医生", ["您先挂号然后到二楼找王医生"]),
        ("", []),
        ("……！？", []),
    ],
)
def test_clauses(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


def test_sentences_keep_their_punctuation_and_lose_white_space() -> None:
    assert sentences("Hi. It costs 3.50 dollars! 您好。再见") == ["Hi.", "It costs 3.50 dollars!", "您好。", "再见"]
