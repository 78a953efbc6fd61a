"""Money is an integer number of fen; yuan exist only as text typed in or shown."""

import re
from collections.abc import Sequence

from sync.rules.refusal import N_, Refused

MOST_FEN = 1_000_000_000_00
_YUAN = re.compile(r"(?P<yuan>\d{1,12})(?:\.(?P<jiao_fen>\d{1,2}))?")


def parse_yuan(text: str) -> int | Refused:
    """Read a yuan amount (`12`, `12.5`, `12.50`) as fen; at most two decimals, never negative.

    Full-width digits and a leading ￥ are accepted, as a Chinese IME leaves them.
    """
    cleaned = text.strip().translate(_HALF_WIDTH).lstrip("¥￥").strip()
    match = _YUAN.fullmatch(cleaned)
    if match is None:
        return Refused(
            "money.not_an_amount",
            N_("“{text}” is not an amount in yuan."),
            N_("Type digits with at most two decimals, for example 12.50."),
            {"text": text},
        )
    fen = int(match["yuan"]) * 100 + int((match["jiao_fen"] or "").ljust(2, "0"))
    if fen > MOST_FEN:
        return Refused(
            "money.too_much",
            N_("{text} yuan is more than this till takes."),
            N_("Check the amount."),
            {"text": text},
        )
    return fen


_HALF_WIDTH = {0xFF10 + digit: ord("0") + digit for digit in range(10)} | {0xFF0E: ".", 0x3002: "."}


def format_yuan(fen: int, *, grouped: bool = False) -> str:
    """Write fen as yuan with two decimals (`-123456` → `-1234.56`, grouped `-1,234.56`)."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    whole = f"{yuan:,}" if grouped else str(yuan)
    return f"{sign}{whole}.{rest:02d}"


def allocate(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split `total_fen` in proportion to `weights` by largest remainder, to the last fen.

    Ties go to the earlier weight. Weights are non-negative; if all are zero, only a total
    of zero can be split. The shares always sum to `total_fen`.

    >>> allocate(100, [1, 1, 1])
    [34, 33, 33]
    """
    whole = sum(weights)
    if whole == 0:
        assert total_fen == 0, "nothing to split an amount over"
        return [0] * len(weights)
    shares = [total_fen * weight // whole for weight in weights]
    missing = total_fen - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_fen * weights[i] % whole), i))
    for index in by_remainder[:missing]:
        shares[index] += 1
    return shares
