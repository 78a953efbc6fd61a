"""Numbers on goods: equal spellings, check digits, and what an input method does to digits."""

import re

from sync.rules.refusal import N_, Refused

PLU = "PLU:"
GTIN_LENGTHS = (13, 12, 14, 8)
_IN_HOUSE = re.compile(r"[!-~]{1,48}")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+[0-9]{1,3}")
_WIDE = re.compile("[\u3000\uff01-\uff5e]")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}


def half_width(text: str) -> str:
    """Turn the full-width forms that a Chinese input method leaves into plain characters.

    >>> half_width("９５２－ＡＢ")
    '952-AB'
    """
    return text.translate(_HALF_WIDTH) if _WIDE.search(text) else text


def is_digits(text: str) -> bool:
    """Tell whether a text is plain decimal digits and nothing else."""
    return text.isascii() and text.isdigit()


def check_digit_holds(code: str) -> bool:
    """Verify the last digit by GS1's modulo 10 (weights 3 and 1 from the right).

    >>> check_digit_holds("9520123456788"), check_digit_holds("9520123456789")
    (True, False)
    """
    digits = code.encode()[::-1]
    zeros = ord("0") * (len(digits) + len(digits) // 2 * 2)
    return (sum(digits[::2]) + 3 * sum(digits[1::2]) - zeros) % 10 == 0


def lookup_codes(code: str) -> tuple[str, ...]:
    """Return the spellings under which the catalogue may hold a code, as given first.

    EAN-13, EAN-8, UPC-A and GTIN-14 are one number with other leading zeros; scales print a
    PLU with leading zeros or without.

    >>> lookup_codes("012345678905")
    ('012345678905', '0012345678905', '00012345678905')
    >>> lookup_codes("PLU:00301")
    ('PLU:00301', 'PLU:301')
    """
    if code.startswith(PLU):
        short = code[len(PLU) :].lstrip("0") or "0"
        return _unique(code, PLU + short, PLU + short.zfill(5))
    if len(code) not in GTIN_LENGTHS or not is_digits(code):
        return (code,)
    whole = code.zfill(14)
    return _unique(code, *(whole[-n:] for n in GTIN_LENGTHS if not whole[:-n].strip("0")))


def _unique(*spellings: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spellings))


def bad_check_digit(code: str) -> Refused:
    """Say that a number was misread or misprinted."""
    return Refused(
        "scan.check_digit",
        N_("The check digit of {code} is wrong."),
        N_("Scan it again, or type the number under the bars."),
        {"code": code},
    )


def validate_barcode(text: str) -> str | Refused:
    """Check a barcode for the catalogue and return it tidied.

    Numbers of 8, 12, 13 and 14 digits need a right check digit; `PLU:` and 1-6 digits is a
    scale's item; anything else printable without spaces is a code of the house.
    """
    code = half_width(text).strip()
    if code[: len(PLU)].upper() == PLU:
        plu = code[len(PLU) :]
        if not (is_digits(plu) and len(plu) <= 6):
            return Refused(
                "barcode.bad_plu",
                N_("“{code}” is not a scale's item."),
                N_("Write PLU: and one to six digits, for example PLU:00301."),
                {"code": code},
            )
        return PLU + plu
    if is_digits(code) and len(code) in GTIN_LENGTHS:
        return code if check_digit_holds(code) else bad_check_digit(code)
    if _SCIENTIFIC.fullmatch(code):
        return Refused(
            "barcode.lost_digits",
            N_("A spreadsheet cut “{code}” short."),
            N_("Format the column as text and enter the barcode again."),
            {"code": code},
        )
    if not _IN_HOUSE.fullmatch(code):
        return Refused(
            "barcode.unreadable",
            N_("“{code}” is not a barcode."),
            N_("A barcode has 1 to 48 letters, digits or signs, no spaces."),
            {"code": code},
        )
    return code
