"""The one spelling under which the catalogue keeps a code, so that equal codes meet."""

from collections.abc import Sequence

from pos.rules.codes import GTIN_LENGTHS, PLU


def code_key(code: str) -> str:
    """Return the key of a barcode: GTINs padded to 14 digits, PLUs without leading zeros.

    EAN-13, UPC-A, EAN-8 and GTIN-14 spell one number with other leading zeros, and scales
    print a PLU with them or without; two items can never own two spellings of one code.

    >>> code_key("9520123456788"), code_key("PLU:00301"), code_key("A-17")
    ('09520123456788', 'PLU:301', 'A-17')
    """
    if len(code) in GTIN_LENGTHS and code.isascii() and code.isdigit():
        return code.zfill(14)
    if code.startswith(PLU):
        return PLU + (code[len(PLU) :].lstrip("0") or "0")
    return code


def code_keys(codes: Sequence[str]) -> list[str]:
    """Return the keys of many codes; a list of EAN-13 alone, as most are, is quicker."""
    joined = "".join(codes)
    if set(map(len, codes)) == {13} and joined.isascii() and joined.encode().isdigit():
        return ["0" + code for code in codes]
    return list(map(code_key, codes))
