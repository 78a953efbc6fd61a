"""Mnemonics: pinyin initials with the readings that dictionaries get wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.rules.mnemonic import MOST_SPELLINGS, Initials


@pytest.fixture(scope="module")
def initials() -> Initials:
    return Initials()


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("信阳毛尖", "xymj"),
        ("信阳毛尖250g", "xymj250g"),
        ("长垣口罩", "cykz"),
        ("重庆火锅底料", "cqhgdl"),
        ("银行卡", "yhk"),
        ("音乐盒", "yyh"),
        ("ＡＢ 糖（大）", "abtd"),
        ("Tea", "tea"),
        ("——", ""),
    ],
)
def test_the_likeliest_spelling_stands_first(initials: Initials, name: str, first: str) -> None:
    assert initials.mnemonic(name).split("|")[0] == first


@pytest.mark.parametrize(
    ("name", "typed"),
    [("长垣口罩", "zykz"), ("单县羊汤", "sxyt"), ("乐扣保鲜盒", "ykbxh"), ("大厦模型", "dxmx")],
)
def test_other_readings_are_spellings_too(initials: Initials, name: str, typed: str) -> None:
    assert typed in initials.mnemonic(name).split("|")


@given(name=st.text("长单乐行重大a1 ，", max_size=30))
def test_spellings_are_few_and_all_different(initials: Initials, name: str) -> None:
    spellings = initials.mnemonic(name).split("|")
    assert len(spellings) == len(set(spellings)) <= MOST_SPELLINGS
    assert len({len(spelling) for spelling in spellings}) == 1
    assert all(s.isascii() and (s.isalnum() or not s) for s in spellings)
