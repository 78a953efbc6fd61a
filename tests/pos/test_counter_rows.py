"""Rows of the counter: measured in cells, so that Chinese and Latin text line up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pos.faces.counter.panels import (
    HUB_WORDS,
    PRINTER_WORDS,
    REASON_WORDS,
    Standing,
    state_rows,
)
from pos.rules.notes import likely_cash
from pos.rules.printer_settings import PrinterState
from sync.faces.screen.rows import big, center, fit, pair, right, row_cells, wrap
from sync.language import Language
from sync.rules.money import format_yuan
from sync.services.status import HubState

TEXT = st.text(alphabet="信阳毛尖 abc129，。（）%", max_size=30)


@given(TEXT, st.integers(1, 40))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(right(text, width)) == width
    assert cell_len(center(text, width)) == width


def test_a_cut_shows() -> None:
    assert fit("信阳毛尖250g", 8) == "信阳毛… "
    assert fit("信阳", 8) == "信阳    "


@given(TEXT, st.integers(4, 40))
def test_wrapping_loses_no_letter_and_keeps_to_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    breakable = not set(text) & set("，。（）abc129%")
    assert not breakable or all(cell_len(line) <= width for line in lines)


def test_chinese_breaks_between_hanzi_but_not_before_a_comma() -> None:
    assert wrap("扫商品条码，再按回车", 10) == ["扫商品条", "码，再按回", "车"]
    assert wrap("拼音首字母（如 xymj）", 12) == ["拼音首字母", "（如 xymj）"]


def test_a_pair_fills_its_panel() -> None:
    assert row_cells(pair("应收", "973.36", 29)) == 29


@pytest.mark.parametrize("fen", [0, 1, 97336, 1_234_567, 10_000_000, 99_999_999])
def test_big_digits_are_three_even_lines_that_fit(fen: int) -> None:
    (length,) = {len(line) for line in big(format_yuan(fen), 29)}
    assert length <= 29


def test_a_number_too_long_to_be_large_is_shown_whole() -> None:
    assert big("12345678901.00", 29) == ("", "12345678901.00", "")


@given(st.integers(1, 10_000_00))
def test_the_exact_sum_is_offered_first_and_every_other_is_more(due_fen: int) -> None:
    exact, *more = likely_cash(due_fen)
    assert exact == due_fen
    assert more == sorted(more)
    assert all(fen > due_fen for fen in more)


def test_an_alarm_of_the_hub_says_what_it_is_about() -> None:
    say = Language("en", ["pos"])
    revoked = state_rows(say, Standing(hub="alarm", reason="held hub.held"), 0, 29)
    assert "".join(text for row in revoked for text, _ in row).count("this till is revoked") == 1
    quiet = state_rows(say, Standing(hub="unreachable", reason="hub.unreachable"), 0, 29)
    alarmed = state_rows(say, Standing(hub="alarm", reason="branch hub.unreachable"), 0, 29)
    assert len(alarmed) == len(quiet) + 1
    told = ["".join(text for text, _ in row).strip() for row in alarmed]
    assert told[3] == "data copied or put back?"
    assert all(row_cells(row) <= 29 for row in alarmed)


@pytest.mark.parametrize("name", ["zh", "en"])
@pytest.mark.parametrize("hub", HUB_WORDS)
@pytest.mark.parametrize("printer", PRINTER_WORDS)
def test_however_things_stand_the_panel_names_them_whole(
    name: str, hub: HubState, printer: PrinterState
) -> None:
    say = Language(name, ["pos"])
    rows = state_rows(say, Standing(hub, " ".join(REASON_WORDS), 12345, printer, 99), 9, 29)
    rows += state_rows(say, Standing(hub, "certificate.expired", 0, printer, 0), 0, 29)
    for age_min, reason in ((0, ""), (59, ""), (47 * 60, ""), (9999 * 60, ""), (0, "feed.other")):
        rows += state_rows(say, Standing(fed_age_min=age_min, fed_reason=reason), 9, 29)
    for row in rows:
        assert row_cells(row) == 29
        assert "…" not in "".join(text for text, _ in row)


@pytest.mark.parametrize(
    ("minutes", "reason", "said", "tone"),
    [
        (0, "", "up to date", "dim"),
        (14, "hub.unreachable", "up to date", "dim"),
        (15, "hub.unreachable", "15 min old", "plain"),
        (60, "", "1 h old", "money"),
        (47 * 60, "", "47 h old", "money"),
        (48 * 60, "", "2 days old", "bad"),
        (0, "feed.lower_epoch", "ALARM", "bad"),
        (None, "feed.lower_epoch", "ALARM", "bad"),
    ],
)
def test_the_age_of_what_is_fed_is_shown(
    minutes: int | None, reason: str, said: str, tone: str
) -> None:
    standing = Standing(fed_age_min=minutes, fed_reason=reason)
    (row,) = (
        row
        for row in state_rows(Language("en", ["pos"]), standing, 0, 40)
        if row and row[0][0].startswith("Prices")
    )
    assert row_cells(row) == 40
    text, shown = row[-1]
    assert said in text
    assert shown == tone


def test_a_till_that_was_never_fed_shows_no_age() -> None:
    rows = state_rows(Language("en", ["pos"]), Standing(), 0, 40)
    assert not any(row and row[0][0].startswith("Prices") for row in rows)
