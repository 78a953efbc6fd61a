"""Scanner bursts: codes survive whatever the timing, typing stays typing, order is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pos.rules.bursts import MOST_PASTED, Bursts, Scan, Stroke, is_scan, pasted_scans

CODE = "9520123456788"
NAMES = {"\r": "enter", "\n": "ctrl+j", "\t": "tab", "\x1b": "escape"}


def strokes(text: str, gap_s: float, start_s: float = 1.0) -> list[Stroke[str]]:
    """Turn text into evenly spaced keys."""
    return [
        Stroke(NAMES.get(c, c), None if c in NAMES else c, start_s + i * gap_s, c)
        for i, c in enumerate(text)
    ]


def told(keys: list[Stroke[str]], *, until_s: float | None = None) -> list[str]:
    """Return what came out: scans in brackets, typed keys as themselves."""
    bursts: Bursts[str] = Bursts()
    out = [thing for key in keys for thing in bursts.press(key)]
    out += bursts.release(until_s) if until_s is not None else []
    return [f"[{t.text}]" if isinstance(t, Scan) else t.event for t in out]


@pytest.mark.parametrize("ending", ["\r", "\n", "\t", "\r\n"])
@pytest.mark.parametrize("gap_s", [0.0, 0.002, 0.045])
def test_a_burst_with_any_ending_is_one_scan(ending: str, gap_s: float) -> None:
    assert told(strokes(CODE + ending, gap_s)) == [f"[{CODE}]"]


def test_twenty_codes_in_one_write_are_twenty_scans() -> None:
    assert told(strokes((CODE + "\r\n") * 20, 0.0)) == [f"[{CODE}]"] * 20


def test_a_hiccup_late_in_a_code_does_not_cut_it() -> None:
    keys = strokes(CODE[:6], 0.001) + strokes(CODE[6:] + "\r", 0.001, 1.15)
    assert told(keys) == [f"[{CODE}]"]


def test_keys_that_waited_until_a_busy_reader_came_are_not_cut_off_the_first() -> None:
    first, *rest = strokes(CODE + "\r", 0.0)
    late = [structs.replace(key, at_s=key.at_s + 0.3, waited_s=0.299) for key in rest]
    assert told([first, *late]) == [f"[{CODE}]"]


def test_a_pause_before_keys_that_were_read_together_is_a_pause() -> None:
    first, *rest = strokes(CODE + "\r", 0.0)
    later = [structs.replace(key, at_s=key.at_s + 0.3, waited_s=0.1) for key in rest]
    assert told([first, *later]) == [CODE[0], f"[{CODE[1:]}]"]


@pytest.mark.parametrize("gap_s", [0.0, 0.005, 0.014])
def test_a_short_code_is_told_from_a_sum_of_money_by_its_speed(gap_s: float) -> None:
    assert told(strokes("00050\r", gap_s)) == ["[00050]"]
    assert told(strokes("0050\r\n", gap_s)) == ["[0050]"]
    assert told(strokes("050\r", gap_s)) == [*"050", "\r"], "so few keys may be rolled over"
    assert told(strokes("hlt\r", gap_s)) == [*"hlt", "\r"], "letters are no money"


def test_a_sum_typed_by_hand_is_none_however_busy_the_reader_was() -> None:
    assert told(strokes("00050\r", 0.03)) == [*"00050", "\r"]
    late = [structs.replace(key, waited_s=0.3) for key in strokes("00050\r", 0.0)]
    assert told(late) == [*"00050", "\r"]


def test_typing_comes_out_as_typed_and_enter_ends_no_scan() -> None:
    assert told(strokes(CODE + "\r", 0.12)) == [*CODE, "\r"]


def test_a_few_fast_keys_and_enter_are_typed() -> None:
    assert told(strokes("100\r", 0.001)) == [*"100", "\r"]


def test_held_keys_are_released_when_their_time_is_over() -> None:
    bursts: Bursts[str] = Bursts()
    (key,) = strokes("7", 0.0)
    assert bursts.press(key) == []
    assert bursts.due_s == pytest.approx(1.05)
    assert bursts.release(1.04) == []
    assert bursts.release(1.06) == [key]
    assert bursts.due_s is None


def test_escape_before_a_scan_loses_no_digit() -> None:
    assert told(strokes("\x1b" + CODE + "\r", 0.0)) == ["\x1b", f"[{CODE}]"]


def test_a_typed_prefix_and_a_scan_stay_apart() -> None:
    assert told(strokes("3*", 0.2) + strokes(CODE + "\r", 0.001, 2.0)) == ["3", "*", f"[{CODE}]"]


def test_enter_held_down_counts_once_but_pressed_twice_counts_twice() -> None:
    assert told(strokes("\r" * 5, 0.033)) == ["\r"]
    assert told(strokes("\r" * 2, 0.2)) == ["\r", "\r"]


def test_the_crlf_of_a_short_code_is_one_enter() -> None:
    assert told(strokes("301\r\n", 0.001)) == [*"301", "\r"]


def test_an_amount_typed_by_a_machine_is_still_an_amount() -> None:
    assert told(strokes("100.00\r", 0.0)) == [*"100.00", "\r"]
    assert not is_scan("１００.００")


def test_full_width_digits_are_scanned_too() -> None:
    assert told(strokes("９５２０１２３４５６７８８\r", 0.001)) == ["[９５２０１２３４５６７８８]"]


@pytest.mark.parametrize("text", [CODE, f" {CODE}\n", "PM1:ABC234", "https://detail.1688.com/o"])
def test_pasted_codes_are_scans(text: str) -> None:
    assert pasted_scans(text) == [text.strip()]


@pytest.mark.parametrize("text", ["信阳毛尖", "12345", "two words", "毛尖 \n\n"])
def test_other_pastes_are_text(text: str) -> None:
    assert pasted_scans(text) == []


@given(
    st.lists(
        st.tuples(st.sampled_from([*"0129aZ*", "\r", "\t", "\x1b"]), st.floats(0.051, 1.0)),
        max_size=40,
    )
)
def test_nothing_is_lost_or_reordered(pairs: list[tuple[str, float]]) -> None:
    at_s, keys = 0.0, []
    for character, gap_s in pairs:
        at_s += gap_s
        keys += strokes(character, 0.0, at_s)
    out = "".join(piece.strip("[]") for piece in told(keys, until_s=at_s + 1))
    assert [c for c in out if c not in "\r\t"] == [c for c, _ in pairs if c not in "\r\t"]


def test_several_codes_pasted_at_once_are_as_many_scans() -> None:
    assert pasted_scans("9520123456788\r\n\n 9520000000004\n") == ["9520123456788", "9520000000004"]


@pytest.mark.parametrize(
    "text", ["毛尖\n红茶", "9520123456788\n毛尖", "123456\n" * (MOST_PASTED + 1)]
)
def test_pasted_lines_that_are_not_all_codes_are_refused_together(text: str) -> None:
    (scan,) = pasted_scans(text)
    assert scan.split() == text.split()
