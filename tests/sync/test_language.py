"""Refusals are said in one line that is safe for a terminal, in the language asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.language import Language, one_line
from sync.rules.refusal import Bilingual, Refused, Words

EN = Language("en", ["sync"])


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("two\r\nlines", r"two\r\nlines"),
        ("\u2028\u202e\x85\x9b", r"\u2028\u202e\x85\x9b"),
        ("\udcff", r"\udcff"),
        ("红色　积木 12", "红色　积木 12"),
    ],
)
def test_what_would_drive_a_terminal_is_spelled_out(typed: str, shown: str) -> None:
    assert EN.refusal(Refused("x", "“{typed}”.", "Not {typed}.", {"typed": typed})) == (
        f"“{shown}”. Not {shown}."
    )


@given(st.text(st.characters(exclude_categories=())))
def test_a_refusal_is_one_line_that_any_terminal_can_show(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line.encode("utf-8").decode("utf-8") == line
    assert one_line(line) == line


def test_words_inside_a_refusal_are_said_in_its_language() -> None:
    words = Words("entries pending: {count}", {"count": 3})
    refused = Refused("x", "{path}: {words}.", values={"path": "a\nb", "words": words})
    assert Language("zh", ["sync"]).refusal(refused) == r"a\nb: 待上传 3 条."
    assert EN.refusal(refused) == r"a\nb: entries pending: 3."
    assert refused.message.format(**refused.values) == "a\nb: entries pending: 3."


@pytest.mark.parametrize(
    ("english", "said"), [("Green tea", "Green tea"), ("", "毛尖"), ("a\nb", r"a\nb")]
)
def test_a_name_inside_a_refusal_is_said_in_its_language(english: str, said: str) -> None:
    refused = Refused("x", "{name}!", values={"name": Bilingual("毛尖", english)})
    assert EN.refusal(refused) == f"{said}!"
    assert Language("zh", ["sync"]).refusal(refused) == "毛尖!"


def test_what_was_typed_is_not_repeated_without_end() -> None:
    line = EN.refusal(Refused("x", "“{typed}” is none.", values={"typed": "9" * 100_000}))
    assert len(line) < 400
    assert line.endswith("9…” is none.")


def test_what_another_library_wrote_ends_and_quotes_as_the_language_does() -> None:
    said = "“it's”不在 'zh', 'en' 之中."
    assert Language("zh", []).ended(said) == "“it's”不在 zh, en 之中。"
    assert Language("en", []).ended("No 'x'.") == "No 'x'."
