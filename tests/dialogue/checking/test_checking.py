"""What ``voicebot check`` tells of a bot: each mistake by its code and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dialogue.documents.test_reading import pdf_file
from tests.dialogue.shared import BOTS, encoder
from voicebot.dialogue.checking import Finding, Severity, check_bot_file
from voicebot.speech.synthesis.unspoken import unspoken

GOOD = """\
language: en
start: hello
variables: {name: Ann}
silence: {prompts: ["Are you there?"], goto: bye}
fallback: {texts: ["Sorry?"], goto: person}
on_transfer_failed: sorry
intents:
  price: [what is the price, how much is it]
  hours: [when are you open]
globals:
  hang_up: {goto: bye}
nodes:
  hello:
    say: ["Hello {{name}}. Price or hours?", "Price or hours?"]
    transitions:
      - {intent: price, goto: price}
      - {intent: hours, goto: hours}
      - {contains: [card], goto: bye}
      - {regex: "(?P<number>[0-9]+)", goto: number}
  price: {say: "It is free.", goto: bye}
  hours: {say: "Always.", goto: bye}
  number: {say: "{{number}}.", goto: bye}
  person: {say: One moment., instructions: {transfer: {value: "8000"}}}
  sorry: {say: Nobody is there., goto: bye}
  bye: {say: Bye., instructions: {hangup: true}}
faq:
  - {question: Where are you, answer: "At {{place|home}}."}
"""


def findings_of(folder: Path, text: str, *, by_meaning: bool = False) -> list[Finding]:
    file = folder / "bot.yaml"
    file.write_text(text, encoding="utf-8")
    return check_bot_file(file, unspoken, encoder() if by_meaning else None)


def told(findings: list[Finding], text: str) -> list[tuple[str, str]]:
    """Return the codes with the lines they point at."""
    lines = text.splitlines()
    return [(finding.code, lines[int(finding.where.rpartition(":")[2]) - 1].strip()) for finding in findings]


def test_a_good_bot_has_nothing_to_tell(tmp_path: Path) -> None:
    assert findings_of(tmp_path, GOOD, by_meaning=True) == []


@pytest.mark.parametrize("name", ["appointment", "service"])
def test_the_example_bots_have_hints_at_most(name: str) -> None:
    findings = check_bot_file(BOTS / name / "bot.yaml", unspoken, encoder())
    assert [finding for finding in findings if finding.severity is not Severity.HINT] == []


MISTAKES: list[tuple[str, str, str, list[tuple[str, str]]]] = [
    (
        "a node that no way leads to",
        "  bye: {",
        "  lost: {say: Lost., goto: bye}\n  bye: {",
        [("unreachable_node", "lost: {say: Lost., goto: bye}")],
    ),
    (
        "a node after which nothing happens",
        '  hours: {say: "Always.", goto: bye}',
        '  hours: {say: "Always.", listen: false}',
        [("dead_end", 'hours: {say: "Always.", listen: false}')],
    ),
    (
        "a question without an answer",
        '  hours: {say: "Always.", goto: bye}',
        '  hours: {say: "Always?"}',
        [("no_way_on", 'hours: {say: "Always?"}')],
    ),
    (
        "a question that is asked for ever",
        '  hours: {say: "Always.", goto: bye}',
        '  hours: {say: ["When?", "And?"], transitions: [{any: true, goto: again}]}\n  again: {say: Hm., goto: hours}',
        [("asks_forever", 'hours: {say: ["When?", "And?"], transitions: [{any: true, goto: again}]}')],
    ),
    (
        "a transfer without a plan for its failure",
        "on_transfer_failed: sorry\n",
        "on_transfer_busy: sorry\n",
        [
            (
                "no_on_transfer_failed",
                'person: {say: One moment., instructions: {transfer: {value: "8000"}}}',
            )
        ],
    ),
    (
        "a variable that nobody sets",
        '  price: {say: "It is free."',
        '  price: {say: "It is {{cost}}, {{cost}}."',
        [("unknown_variable", 'price: {say: "It is {{cost}}, {{cost}}.", goto: bye}')],
    ),
    (
        "a condition on a variable that nobody sets",
        "  - {intent: price, goto: price}",
        "  - {intent: price, goto: price, if: plan == gold}",
        [("unknown_variable", "- {intent: price, goto: price, if: plan == gold}")],
    ),
    (
        "a variable that nobody uses",
        "variables: {name: Ann}",
        "variables: {name: Ann, nickname: Annie}",
        [("unused_variable", "variables: {name: Ann, nickname: Annie}")],
    ),
    (
        "an intent that nobody asks for",
        "  hours: [when are you open]",
        "  hours: [when are you open]\n  weather: [will it rain]",
        [("unused_intent", "weather: [will it rain]")],
    ),
    (
        "a transition after one that takes the same",
        "      - {contains: [card], goto: bye}",
        "      - {contains: [card], goto: bye}\n      - {contains: [card number], goto: price}",
        [("never_taken", "- {contains: [card number], goto: price}")],
    ),
    (
        "a transition after one that takes everything",
        "      - {contains: [card], goto: bye}",
        '      - {regex: ".*", goto: bye}\n      - {contains: [card], goto: price}',
        [
            ("never_taken", "- {contains: [card], goto: price}"),
            ("never_taken", '- {regex: "(?P<number>[0-9]+)", goto: number}'),
        ],
    ),
    (
        "two intents with the same words",
        "  hours: [when are you open]",
        "  hours: [when are you open, What is the PRICE]",
        [("ambiguous", "price: [what is the price, how much is it]")],
    ),
    (
        "a question with the words of an intent",
        "question: Where are you",
        "question: Where are you, similar: [when are you open]",
        [("ambiguous", '- {question: Where are you, similar: [when are you open], answer: "At {{place|home}}."}')],
    ),
    (
        "a picture",
        '"It is free."',
        '"It is **free** \U0001f600."',
        [("not_speakable", 'price: {say: "It is **free** \U0001f600.", goto: bye}')],
    ),
    (
        "letters that an English voice cannot read",
        '"It is free."',
        '"It is \u514d\u8d39."',
        [("not_speakable", 'price: {say: "It is \u514d\u8d39.", goto: bye}')],
    ),
    (
        "a long sentence",
        '"It is free."',
        f'"It is {"very " * 40}free."',
        [("long_sentence", f'price: {{say: "It is {"very " * 40}free.", goto: bye}}')],
    ),
    (
        "a text that is heard several times",
        '["Hello {{name}}. Price or hours?", "Price or hours?"]',
        '"Hello {{name}}. Price or hours?"',
        [],
    ),
    (
        "a text that is heard again",
        '  price: {say: "It is free.", goto: bye}',
        '  price: {say: "Free. OK?", transitions: [{intent: yes, goto: bye}, {intent: no, goto: price}]}',
        [
            (
                "one_wording",
                'price: {say: "Free. OK?", transitions: [{intent: yes, goto: bye}, {intent: no, goto: price}]}',
            )
        ],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_told_with_its_line(old: str, new: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    assert told(findings_of(tmp_path, text), text) == expected


def test_wordings_that_mean_the_same_are_found_by_meaning(tmp_path: Path) -> None:
    text = GOOD.replace("[when are you open]", "[when are you open, what is the cost price of it, tell me the price]")
    text = text.replace("how much is it]", "how much is it, please tell me the price]")
    assert findings_of(tmp_path, text) == []
    (finding,) = findings_of(tmp_path, text, by_meaning=True)
    assert finding.code == "ambiguous"
    assert "tell me the price" in finding.problem


def test_a_question_may_share_its_words_with_small_talk(tmp_path: Path) -> None:
    text = GOOD.replace("question: Where are you", "question: Are you a robot")
    assert findings_of(tmp_path, text, by_meaning=True) == []


def test_of_two_intents_only_those_that_are_asked_for_at_the_same_time_rival(tmp_path: Path) -> None:
    text = GOOD.replace("[when are you open]", "[when are you open]\n  cost: [what is the price]")
    elsewhere = '  number: {say: "{{number}}?", transitions: [{intent: cost, goto: price}]}'
    text = text.replace('  number: {say: "{{number}}.", goto: bye}', elsewhere)
    assert findings_of(tmp_path, text, by_meaning=True) == []


LOOP = """\
language: en
start: one
silence: {prompts: ["Hello?"], goto: one}
fallback: {texts: ["Sorry?"], goto: two}
nodes:
  one: {say: ["One?", "One."], transitions: [{intent: yes, goto: two}]}
  two: {say: ["Two?", "Two."], transitions: [{intent: yes, goto: one}]}
"""


def test_a_conversation_without_an_end_is_an_error(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path, LOOP)
    assert (finding.severity, finding.code, finding.where) == (Severity.ERROR, "no_exit", f"{tmp_path}/bot.yaml:6")
    assert "one, two" in finding.problem


def test_a_conversation_that_only_silence_ends_is_a_warning(tmp_path: Path) -> None:
    text = LOOP.replace("goto: one}\nfall", "goto: bye}\nfall") + "  bye: {say: Bye., instructions: {hangup: true}}\n"
    (finding,) = findings_of(tmp_path, text)
    assert (finding.severity, finding.code) == (Severity.WARNING, "no_exit_by_words")


def test_all_errors_are_told_and_not_only_the_first(tmp_path: Path) -> None:
    text = GOOD.replace("goto: price}", "goto: prices}").replace("- {intent: hours,", "- {intent: hour,")
    assert told(findings_of(tmp_path, text), text) == [
        ("load", "- {intent: price, goto: prices}"),
        ("load", "- {intent: hour, goto: hours}"),
    ]


def test_errors_of_several_nodes_and_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text("question,anser\nWhere,Here\n", encoding="utf-8")
    (tmp_path / "intents.yaml").write_text("weather:\n  will_it: rain\n", encoding="utf-8")
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "broken.py").write_text("def look(:\n", encoding="utf-8")
    text = GOOD.replace("price: {say:", "price: {sy:").replace("number: {say:", "number: {saay:")
    findings = findings_of(tmp_path, text)
    assert {finding.where.removeprefix(f"{tmp_path}/") for finding in findings} == {
        "bot.yaml:20",
        "bot.yaml:22",
        "faq.csv:1",
        "intents.yaml:2",
        "skills/broken.py:1",
    }
    assert {finding.severity for finding in findings} == {Severity.ERROR}


SKILL = '''
def look(card: str) -> str:
    """Look it up."""
    return card
'''


@pytest.mark.parametrize(
    ("skills", "told_of"),
    [
        (SKILL, []),
        (f"{SKILL}\nimport no_such_library", [("skills/cards.py:6", "ModuleNotFoundError: No module named 'no_such_")]),
        (f"{SKILL}\nPRICES = {{}}['book']", [("skills/cards.py:6", "cannot be imported: KeyError")]),
        (
            SKILL.replace('"""Look it up."""', "").replace("card: str", "card")
            + "\ndef other(card) -> None:\n    '''x'''\n",
            [("skills/cards.py:2", "docstring"), ("skills/cards.py:6", "'card' has no type")],
        ),
    ],
)
def test_skills_are_imported_and_all_their_mistakes_told(
    skills: str, told_of: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "cards.py").write_text(skills, encoding="utf-8")
    findings = findings_of(tmp_path, GOOD)
    assert [finding.where.removeprefix(f"{tmp_path}/") for finding in findings] == [where for where, _ in told_of]
    for finding, (_, problem) in zip(findings, told_of, strict=True):
        assert finding.severity is Severity.ERROR
        assert problem in finding.problem


def test_documents_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text("# Loans\n\nFour weeks.\n", encoding="utf-8")
    (folder / "empty.txt").write_text(" \n", encoding="utf-8")
    (folder / "scan.pdf").write_bytes(pdf_file(""))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (folder / "list.xlsx").write_bytes(b"PK")
    (folder / "long.md").write_text(f"# Rules\n\nShort.\n\nNo {'loud ' * 130}music.\n", encoding="utf-8")
    (folder / "longer.md").write_text(f"# Rules\n\n{'Please read this. ' * 200}\n", encoding="utf-8")
    findings = findings_of(tmp_path, GOOD)
    assert [(one.severity.value, one.code, one.where.removeprefix(f"{folder}/")) for one in findings] == [
        ("warning", "document_left_out", "broken.pdf"),
        ("warning", "document_empty", "empty.txt"),
        ("warning", "document_left_out", "list.xlsx"),
        ("hint", "long_passage", "long.md:5"),
        ("hint", "long_passage", "longer.md:3"),
        ("warning", "document_empty", "scan.pdf"),
    ]


def test_hot_words_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "hotwords.txt").write_text("Acme\n" + "\u957f" * 30, encoding="utf-8")
    (finding,) = findings_of(tmp_path, GOOD)
    assert (finding.severity, finding.where) == (Severity.ERROR, f"{tmp_path}/hotwords.txt:2")


def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    (finding,) = findings_of(tmp_path, "language: [en\nstart: x\n")
    assert (finding.code, finding.where) == ("load", f"{tmp_path}/bot.yaml:2")


def test_findings_come_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace('"It is free."', '"{{cost}} \U0001f600."').replace("{name: Ann}", "{name: Ann, other: x}")
    assert [code for code, _ in told(findings_of(tmp_path, text), text)] == [
        "unused_variable",
        "unknown_variable",
        "not_speakable",
    ]


def test_a_variable_that_the_platform_may_send_is_no_mistake(tmp_path: Path) -> None:
    branch = '{goto: [{if: status is set, goto: told}, {goto: bye}]}\n  told: {say: "It is {{status}}.", goto: bye}'
    text = GOOD.replace('{say: "It is free.", goto: bye}', branch)
    assert findings_of(tmp_path, text) == []
