"""What was handed over against what is due: payments kept, cash rounding, change.

Wallets pay at most what is due, exactly. Cash pays the rest, rounded down (抹零) unless the
exact amount is handed over; only cash gives change. Rounding up does not exist: charging above
the marked price is unlawful. Rounding never exceeds what the goods cost, because bags and the
plan are never discounted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pos.rules.order import METHODS, Method, Payment
from pos.rules.settings import ROUNDING_STEP_FEN, Rounding
from sync.rules.money import parse_yuan
from sync.rules.refusal import N_, Refused


@dataclass(frozen=True, slots=True)
class Tender:
    """What a visitor hands over by one method; `reference` is the wallet's own number."""

    method: Method
    amount_fen: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a total was paid; the payments sum to `paid_fen` = total − `rounding_fen`."""

    payments: tuple[Payment, ...]
    rounding_fen: int
    paid_fen: int
    change_fen: int


@dataclass(frozen=True, slots=True)
class Due:
    """What is still to pay after some tenders: by wallet, or in cash (rounded down)."""

    wallet_fen: int
    cash_fen: int


def settle(
    total_fen: int, tenders: Sequence[Tender], rounding: Rounding, *, goods_fen: int
) -> Settlement | Refused:
    """Settle a total with everything handed over; refused with what is wrong and by how much.

    `goods_fen` (`pricing.goods_fen`) is the most that rounding may let off.
    """
    raise NotImplementedError


def due(
    total_fen: int, tenders: Sequence[Tender], rounding: Rounding, *, goods_fen: int
) -> Due | Refused:
    """Return what is still to pay after these tenders, for the dialog that asks for it."""
    raise NotImplementedError


def parse_tender(text: str) -> Tender | Refused:
    """Read `cash=100.00`, `wechat=12.30` or `wechat=12.30:REFERENCE`."""
    raise NotImplementedError
