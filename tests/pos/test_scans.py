"""What a scan means: the domain's vectors, and every scan that must be refused."""

import doctest
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.rules import codes, payment_codes, scans
from pos.rules.codes import lookup_codes, validate_barcode
from pos.rules.payment_codes import WalletCode, read_wallet_code
from pos.rules.scans import (
    CardText,
    ItemCode,
    OfferLink,
    ScaleLabel,
    Scan,
    Words,
    read_scan,
)
from pos.rules.settings import DEFAULT_SCALES, ScaleLayout
from sync.rules.refusal import Refused

EAN = "9520123456788"


def read(text: str) -> Scan | Refused:
    return read_scan(text, DEFAULT_SCALES)


def reason(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.reason


def ean13(payload: str) -> str:
    odd, even = (sum(int(digit) for digit in payload[start::2]) for start in (0, 1))
    return payload + str(-(odd + 3 * even) % 10)


@pytest.mark.parametrize("module", [codes, scans, payment_codes])
def test_the_docstrings_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "amount_fen", "weight_g"),
    [
        ("2100301003507", 350, None),
        ("2200301012346", None, 1234),
        ("260030100350012346", 350, 1234),
    ],
)
def test_labels_of_the_scale(label: str, amount_fen: int | None, weight_g: int | None) -> None:
    scan = read(label)
    assert isinstance(scan, ScaleLabel)
    assert (scan.plu, scan.amount_fen, scan.weight_g) == ("00301", amount_fen, weight_g)
    assert scan.candidates[0] == "PLU:00301"
    assert scan.code == label


@pytest.mark.parametrize(
    "text",
    [
        EAN,
        f"  {EAN}\t",
        "９５２０１２３４５６７８８",
        "9 520123 456788",
        f"]E0{EAN}",
        "09520123456788",
        "0109520123456788",
        "010952012345678810LOT7",
        "]C1010952012345678810LOT7",
        "\x1d010952012345678810LOT7",
        "]C110LOT7\x1d0109520123456788",
        "(01)09520123456788(10)LOT7",
        "]d2010952012345678810LOT7",
        "https://id.gs1.org/01/09520123456788/10/LOT7",
        "https://example.com/01/09520123456788",
        "HTTPS://ID.GS1.ORG/01/09520123456788",
    ],
)
def test_one_item_in_every_dress(text: str) -> None:
    scan = read(text)
    assert isinstance(scan, ItemCode)
    assert EAN in scan.candidates
    assert scan.quantity == 1


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("96385074", {"96385074", "00000096385074", "0000096385074", "000096385074"}),
        ("012345678905", {"012345678905", "0012345678905", "00012345678905"}),
        (EAN, {EAN, "0" + EAN}),
        ("19520123456785", {"19520123456785"}),
        ("HOUSE-7", {"HOUSE-7"}),
    ],
)
def test_equal_spellings(code: str, spellings: set[str]) -> None:
    assert lookup_codes(code)[0] == code
    assert set(lookup_codes(code)) == spellings
    for other in spellings:
        assert set(lookup_codes(other)) == spellings


def test_a_carton_is_not_its_contents() -> None:
    scan = read("19520123456785")
    assert isinstance(scan, ItemCode)
    assert EAN not in scan.candidates


@pytest.mark.parametrize(
    "text",
    [
        "9520123456789",
        "96385075",
        "012345678906",
        "09520123456789",
        "2100301003508",
        "2200301012347",
        "260030100350012347",
        "0109520123456789",
        "010952012345678910LOT7",
        "]C1010952012345678910LOT7",
        "(01)09520123456789",
        "https://id.gs1.org/01/09520123456789",
    ],
)
def test_a_wrong_check_digit_is_loud(text: str) -> None:
    assert reason(read(text)) == "scan.check_digit"


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_every_single_misread_digit_is_noticed(payload: str, place: int, shift: int) -> None:
    code = ean13(payload)
    wrong = (int(code[place]) + shift) % 10
    misread = f"{code[:place]}{wrong}{code[place + 1 :]}"
    assert codes.check_digit_holds(code)
    assert not codes.check_digit_holds(misread)


@pytest.mark.parametrize("text", [f"3*{EAN}", f"３＊{EAN}", f" 3 * {EAN} "])
def test_three_of_them(text: str) -> None:
    scan = read(text)
    assert isinstance(scan, ItemCode)
    assert (scan.code, scan.quantity) == (EAN, 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"0*{EAN}", "scan.quantity"),
        (f"10000*{EAN}", "scan.quantity"),
        (f"1.5*{EAN}", "scan.quantity"),
        (f"-1*{EAN}", "scan.quantity"),
        (f"1,5*{EAN}", "scan.quantity"),
        (f"{'9' * 5000}*{EAN}", "scan.quantity"),
        ("3*2200301012346", "scan.quantity_of_label"),
        ("1*2100301003507", "scan.quantity_of_label"),
        ("2*PM1:ABC", "scan.quantity_of_card"),
        ("3*", "scan.empty"),
        ("3*9520123456789", "scan.check_digit"),
        ("  ", "scan.empty"),
        ("x" * 401, "scan.too_long"),
        (ean13("210030100000"), "scan.empty_label"),
        (ean13("220030100000"), "scan.empty_label"),
        ("134567890123456789", "scan.payment_code"),
        ("2812345678901234", "scan.payment_code"),
        ("6212345678901234567", "scan.payment_code"),
        ("0112345678901234567", "scan.payment_code"),
        ("26112200100421234567", "scan.receipt"),
        ("https://qr.1688.com/s/AbCd", "scan.short_link"),
        ("https://example.com/promotion", "scan.unknown_link"),
        ("https://detail.1688.com/offer/abc.html", "scan.unknown_link"),
        ("https://[broken/01/x", "scan.unknown_link"),
        ("https://evil.example/offer/1.html", "scan.unknown_link"),
        ("https://example.com/01/1", "scan.gs1"),
        ("]C1nonsense", "scan.gs1"),
        ("(01)", "scan.gs1"),
        ("PLU:12A", "barcode.bad_plu"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    assert reason(read(text)) == why


@pytest.mark.parametrize(
    "text",
    [
        "https://detail.1688.com/offer/612345678901.html",
        "http://m.1688.com/offer/612345678901.html?spm=a26.1&x=2",
        "HTTPS://DETAIL.1688.COM/OFFER/612345678901.HTML",
    ],
)
def test_offer_links(text: str) -> None:
    assert read(text) == OfferLink("612345678901")
    assert read(f"2*{text}") == OfferLink("612345678901", 2)


def test_an_offer_id_stays_text() -> None:
    assert read("https://detail.1688.com/offer/0012.html") == OfferLink("0012")


def test_cards_in_any_letter_case() -> None:
    assert read("PM1:ABC234") == CardText("PM1:ABC234")
    assert read(" pm1:abc234 ") == CardText("pm1:abc234")
    assert read("ＰＭ１：ABC234") == CardText("PM1:ABC234")


@pytest.mark.parametrize("text", ["xymj", "信阳毛尖", "5×8 尺", "301", "HL-29 A", "TEA-250"])
def test_anything_else_is_looked_for(text: str) -> None:
    assert read(text) == Words(text)


def test_a_plu_can_be_typed() -> None:
    scan = read("2*plu:301")
    assert isinstance(scan, ItemCode)
    assert (scan.candidates, scan.quantity) == (("PLU:301", "PLU:00301"), 2)


def test_other_scales_are_a_setting() -> None:
    layouts = (
        ScaleLayout("20PPPPAAAAAAX", amount_unit_fen=10),
        ScaleLayout("29PPPPPPWWWWC", weight_unit_g=5, check=False),
    )
    jiao = read_scan("2012340001234", layouts)
    assert isinstance(jiao, ScaleLabel)
    assert (jiao.plu, jiao.amount_fen) == ("1234", 1230)
    wrong_check_digit = read_scan("2900030101009", layouts)
    assert isinstance(wrong_check_digit, ScaleLabel)
    assert (wrong_check_digit.plu, wrong_check_digit.weight_g) == ("000301", 500)


def test_the_same_digits_by_what_the_screen_waits_for() -> None:
    label = "260030100350012346"
    assert isinstance(read(label), ScaleLabel)
    assert read_wallet_code(label) == WalletCode("alipay", label)
    element_string = "0109520123456788107"
    item = read(element_string)
    assert isinstance(item, ItemCode)
    assert EAN in item.candidates
    assert read_wallet_code(element_string) == WalletCode("ecny", element_string)


@pytest.mark.parametrize(
    ("code", "method"),
    [
        ("100000000000000000", "wechat"),
        ("159999999999999999", "wechat"),
        ("2512345678901234", "alipay"),
        ("301234567890123456789012", "alipay"),
        ("6212345678901234567", "unionpay"),
        ("0112345678901234567", "ecny"),
        ("１３4567890123456789", "wechat"),
    ],
)
def test_wallet_codes(code: str, method: str) -> None:
    wallet = read_wallet_code(code)
    assert isinstance(wallet, WalletCode)
    assert wallet.method == method
    assert wallet.code not in repr(wallet)


@pytest.mark.parametrize(
    "code",
    [
        EAN,
        "",
        "160000000000000000",
        "10000000000000000",
        "251234567890123",
        "2412345678901234",
        "3012345678901234567890123",
        "62123456789012345678",
        "http://example.com",
    ],
)
def test_what_is_no_wallet_code(code: str) -> None:
    refused = read_wallet_code(code)
    assert reason(refused) == "payment.not_a_code"
    assert isinstance(refused, Refused)
    assert not refused.values


@given(st.text(string.printable + "０９＊：毛尖\x1d（）", max_size=60))
def test_no_scan_is_a_crash(text: str) -> None:
    answer = read(text)
    if isinstance(answer, Refused):
        assert answer.message.format(**answer.values)
        assert answer.hint.format(**answer.values)


@given(st.from_regex(r"(\]C1|\]d2|\(01\)|01|https://x\.cn/01/)[0-9]{0,20}[A-Z()/\x1d]{0,4}"))
def test_no_damaged_gs1_code_is_a_crash(text: str) -> None:
    assert isinstance(read(text), ItemCode | Words | ScaleLabel | Refused)


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        (f" {EAN} ", EAN),
        ("９６３８５０７４", "96385074"),
        ("plu:00301", "PLU:00301"),
        ("HOUSE-7", "HOUSE-7"),
        ("12345", "12345"),
    ],
)
def test_barcodes_for_the_catalogue(text: str, tidied: str) -> None:
    assert validate_barcode(text) == tidied


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9520123456789", "scan.check_digit"),
        ("PLU:", "barcode.bad_plu"),
        ("PLU:1234567", "barcode.bad_plu"),
        ("毛尖", "barcode.unreadable"),
        ("two words", "barcode.unreadable"),
        ("", "barcode.unreadable"),
        ("9.52012E+12", "barcode.lost_digits"),
    ],
)
def test_barcodes_that_the_catalogue_refuses(text: str, why: str) -> None:
    assert reason(validate_barcode(text)) == why
