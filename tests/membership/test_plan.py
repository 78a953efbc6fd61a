"""How long a membership lasts (Civil Code art. 201 and 202), and the plan's settings."""

import doctest
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from membership.declared import SECTIONS
from membership.rules import phone, plan
from membership.rules.plan import PlanSettings, until_of
from sync import config
from sync.rules.refusal import Refused


@pytest.mark.parametrize(
    ("sold", "years", "until"),
    [
        ("2026-11-22", 1, "2027-11-22"),
        ("2026-12-31", 1, "2027-12-31"),
        ("2027-01-01", 1, "2028-01-01"),
        ("2027-02-28", 1, "2028-02-28"),
        ("2027-03-01", 1, "2028-03-01"),
        ("2028-02-28", 1, "2029-02-28"),
        ("2028-02-29", 1, "2029-02-28"),
        ("2028-02-29", 3, "2031-02-28"),
        ("2028-02-29", 4, "2032-02-29"),
        ("2096-02-29", 4, "2100-02-28"),
    ],
)
def test_the_last_day_is_the_corresponding_one_else_the_months_last(
    sold: str, years: int, until: str
) -> None:
    assert until_of(date.fromisoformat(sold), years) == date.fromisoformat(until)


@given(st.dates(date(2020, 1, 1), date(2150, 1, 1)), st.integers(1, 10))
def test_a_membership_ends_in_its_month_and_never_later_for_having_been_sold_earlier(
    sold: date, years: int
) -> None:
    until = until_of(sold, years)
    assert (until.year, until.month) == (sold.year + years, sold.month)
    assert until.day in (sold.day, 28)
    assert until_of(sold + timedelta(days=1), years) >= until


def read_plan(tmp_path: Path, text: str) -> PlanSettings | Refused:
    path = tmp_path / "config.toml"
    path.write_text(f"[plan]\n{text}", "utf-8")
    settings = config.read(path, SECTIONS)
    return settings if isinstance(settings, Refused) else settings.get(PlanSettings)


def test_price_and_length_are_settings(tmp_path: Path) -> None:
    assert PlanSettings().price_fen == 9900
    read = read_plan(tmp_path, 'price = "128.5"\nyears = 2')
    assert isinstance(read, PlanSettings)
    assert (read.price_fen, read.years) == (12850, 2)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('price = "a lot"', "a lot"),
        ('price = "-1"', "-1"),
        ('name_zh = "X\\u001b@"', "name_zh"),
        ('name_en = "two\\nlines"', "name_en"),
        ("price = 99", "price"),
        ('price = "99.001"', "99.001"),
        ("years = 0", "years"),
        ("years = 11", "years"),
        ('name_zh = ""', "name_zh"),
        ('refund_rule_zh = ""', "refund_rule_zh"),
    ],
)
def test_a_bad_plan_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    refused = read_plan(tmp_path, text)
    assert isinstance(refused, Refused)
    said = refused.message.format(**refused.values)
    assert "plan" in said
    assert named in said


@pytest.mark.parametrize("module", [plan, phone], ids=lambda module: module.__name__)
def test_the_examples_in_the_documentation_hold(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
