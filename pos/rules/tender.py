"""What was handed over against what is due: payments kept, cash rounding, change.

Tenders are taken in their order. A wallet pays at most what is still due then, exactly. Cash pays
the rest, rounded down (抹零) unless the exact amount is handed over; only cash gives change, and so
never for what a wallet paid too much. Rounding up does not exist: charging above
the marked price is unlawful. Rounding never exceeds what the goods cost, because bags and the
plan are never discounted.
"""

import re
from collections.abc import Sequence

import msgspec

from pos.rules.codes import half_width
from pos.rules.order import METHODS, Method, Payment
from pos.rules.payment_codes import wallet_of
from pos.rules.settings import ROUNDING_STEP_FEN, Rounding
from sync.rules.money import format_yuan, parse_yuan
from sync.rules.refusal import N_, Refused

MOST_REFERENCE = 64
MOST_TENDERS = 20  # what is recorded of one sale has a bound, and so have the parts it is paid in
_TENDER = re.compile(r"\s*(?P<method>[^=]*?)\s*=\s*(?P<amount>[^:]*?)\s*(?::(?P<reference>.*))?")
_REFERENCE = re.compile(r"[!-~]+")


class Tender(msgspec.Struct, frozen=True):
    """What a visitor hands over by one method; `reference` is the wallet's own number."""

    method: Method
    amount_fen: int
    reference: str = ""


class Settlement(msgspec.Struct, frozen=True):
    """How a total was paid; the payments sum to `paid_fen` = total − `rounding_fen`."""

    payments: tuple[Payment, ...]
    rounding_fen: int
    paid_fen: int
    change_fen: int


class Due(msgspec.Struct, frozen=True):
    """What is still to pay after some tenders: by wallet, or in cash (rounded down)."""

    wallet_fen: int
    cash_fen: int


def settle(
    total_fen: int, tenders: Sequence[Tender], rounding: Rounding, *, goods_fen: int
) -> Settlement | Refused:
    """Settle a total with everything handed over; refused with what is wrong and by how much.

    `goods_fen` (`pricing.goods_fen`) is the most that rounding may let off. Cash handed over in
    parts is one payment; each wallet tender is one, with its reference.

    >>> settle(1234, [Tender("cash", 2000)], "jiao", goods_fen=1234)  # doctest: +ELLIPSIS
    Settlement(payments=(Payment(...),), rounding_fen=4, paid_fen=1230, change_fen=770)
    """
    open_fen = due(total_fen, tenders, rounding, goods_fen=goods_fen)
    if isinstance(open_fen, Refused):
        return open_fen
    cash = [tender.amount_fen for tender in tenders if tender.method == "cash"]
    handed_fen = sum(cash)
    wallets = tuple(
        Payment(
            method=tender.method,
            amount_fen=tender.amount_fen,
            handed_fen=tender.amount_fen,
            reference=tender.reference,
        )
        for tender in tenders
        if tender.method != "cash"
    )
    left_fen = total_fen - sum(payment.amount_fen for payment in wallets)
    if left_fen == handed_fen == 0 and not (cash and wallets):
        return _settled(wallets, 0, 0)
    if 0 in cash and len(cash) > 1:
        return _not_positive()
    if not cash:
        return _too_little(open_fen.wallet_fen)
    if left_fen == 0:
        return _refused(
            "tender.nothing_due",
            N_("Nothing is left to pay in cash."),
            N_("Give the cash back and leave it out.") if handed_fen else N_("Leave it out."),
        )
    if open_fen.cash_fen:
        return _too_little(open_fen.cash_fen)
    kept_fen = left_fen - _let_off(left_fen, handed_fen, rounding, goods_fen)
    payment = Payment(method="cash", amount_fen=kept_fen, handed_fen=handed_fen)
    return _settled((*wallets, payment), left_fen - kept_fen, handed_fen - kept_fen)


def due(
    total_fen: int, tenders: Sequence[Tender], rounding: Rounding, *, goods_fen: int
) -> Due | Refused:
    """Return what is still to pay after these tenders, for the dialog that asks for it.

    Cash of zero is a tender too: alone it pays what rounds down to nothing.
    """
    assert 0 <= goods_fen <= total_fen
    if len(tenders) > MOST_TENDERS:
        return _too_many()
    for tender in tenders:
        wrong = _check(tender)
        if wrong is not None:
            return wrong
    open_fen = total_fen
    for tender in tenders:
        if tender.method != "cash" and tender.amount_fen > open_fen:
            return _wallet_too_much(tender.amount_fen, open_fen)
        open_fen = max(0, open_fen - tender.amount_fen)
    handed_fen = sum(tender.amount_fen for tender in tenders if tender.method == "cash")
    left_fen = total_fen - sum(each.amount_fen for each in tenders if each.method != "cash")
    cash_fen = left_fen - _let_off(left_fen, handed_fen, rounding, goods_fen)
    return Due(max(0, left_fen - handed_fen), max(0, cash_fen - handed_fen))


def _check(tender: Tender) -> Refused | None:
    if tender.amount_fen < (0 if tender.method == "cash" else 1):
        return _not_positive()
    reference = check_reference(tender.reference)
    return reference if isinstance(reference, Refused) else None


def _let_off(left_fen: int, handed_fen: int, rounding: Rounding, goods_fen: int) -> int:
    """Return what rounding lets off the cash part; nothing if the exact sum was handed over."""
    if handed_fen == left_fen:
        return 0
    return min(left_fen % ROUNDING_STEP_FEN[rounding], goods_fen)


def _settled(payments: tuple[Payment, ...], rounding_fen: int, change_fen: int) -> Settlement:
    paid_fen = sum(payment.amount_fen for payment in payments)
    return Settlement(payments, rounding_fen, paid_fen, change_fen)


def parse_tender(text: str) -> Tender | Refused:
    """Read `cash=100.00`, `wechat=12.30` or `wechat=12.30:REFERENCE`.

    A reference is the number on the merchant's own device; the visitor's payment code is
    refused, because it is never stored.
    """
    match = _TENDER.fullmatch(half_width(text))
    if match is None or (match["method"].lower() == "cash" and match["reference"] is not None):
        return _refused(
            "tender.unreadable",
            N_("“{text}” is not a payment."),
            N_("Write it as cash=100.00 or wechat=12.30:REFERENCE."),
            text=text,
        )
    method = next((name for name in METHODS if name == match["method"].lower()), None)
    if method is None:
        return _refused(
            "tender.unknown_method",
            N_("“{method}” is no way to pay."),
            N_("Known: {known}."),
            method=match["method"],
            known=", ".join(METHODS),
        )
    amount_fen = parse_yuan(match["amount"])
    if isinstance(amount_fen, Refused):
        return amount_fen
    reference = check_reference(match["reference"] or "")
    return reference if isinstance(reference, Refused) else Tender(method, amount_fen, reference)


def check_reference(text: str) -> str | Refused:
    """Tidy a wallet's reference; refuse payment codes and what no device prints."""
    reference = half_width(text).strip()
    if wallet_of(reference) is not None:
        return _refused(
            "tender.payment_code",
            N_("This is the visitor's payment code, which is never stored."),
            N_("Type the transaction number from the payment device, or leave it empty."),
        )
    if reference and (len(reference) > MOST_REFERENCE or not _REFERENCE.fullmatch(reference)):
        return _refused(
            "tender.bad_reference",
            N_("“{reference}” is not a transaction number."),
            N_("Letters, digits and signs without spaces, at most {most}."),
            reference=reference,
            most=MOST_REFERENCE,
        )
    return reference


def _not_positive() -> Refused:
    return _refused(
        "tender.not_positive",
        N_("An amount handed over is more than zero."),
        N_("Type what was handed over."),
    )


def _too_many() -> Refused:
    return _refused(
        "tender.too_many",
        N_("A sale is paid in at most {most} parts."),
        N_("Give a part back and take more at once, or sell the basket in two."),
        most=MOST_TENDERS,
    )


def _wallet_too_much(amount_fen: int, open_fen: int) -> Refused:
    return _refused(
        "tender.wallet_too_much",
        N_("{amount} yuan by wallet is {over} more than the {total} that is due."),
        N_("Wallets pay at most what is still due when they are taken; only cash gives change."),
        amount=format_yuan(amount_fen),
        over=format_yuan(amount_fen - open_fen),
        total=format_yuan(open_fen),
    )


def _too_little(missing_fen: int) -> Refused:
    return _refused(
        "tender.too_little",
        N_("{missing} yuan is still to pay."),
        N_("Take the rest in cash or by wallet."),
        missing=format_yuan(missing_fen),
    )


def _refused(reason: str, message: str, hint: str, **values: object) -> Refused:
    return Refused(reason, message, hint, values)
