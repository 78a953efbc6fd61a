"""How commands answer with an order: the fields of --json, and a few lines for people."""

from collections.abc import Mapping, Sequence

from pos.rules.order import Order, OrderLine, labelled
from pos.rules.receipt_number import grouped
from sync.language import Language
from sync.rules.money import format_yuan
from sync.rules.refusal import N_

PRICE_NAMES = {
    "retail": N_("retail price"),
    "fixed": N_("fixed price"),
    "tier": N_("quantity price"),
    "promotion": N_("promotion price"),
    "plus": N_("PLUS price"),
}
METHOD_NAMES = {
    "cash": N_("cash"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "unionpay": N_("UnionPay"),
    "ecny": N_("e-CNY"),
}


def sale_values(order: Order) -> dict[str, object]:
    """Return what `sell --json` answers; `card` is the text of the PLUS card sold, if any.

    Names are the Chinese ones whatever the language: programs compare them.
    """
    return {
        "order_id": order.order_id,
        "receipt_no": order.receipt_no,
        "day": order.day,
        "retail_fen": order.retail_fen,
        "total_fen": order.total_fen,
        "saved_fen": order.saved_fen,
        "plus_saved_fen": order.plus_saved_fen,
        "rounding_fen": order.rounding_fen,
        "paid_fen": order.paid_fen,
        "change_fen": order.change_fen,
        "member": _member(order),
        "card": order.card.card if order.card else None,
        "lines": [_line_values(line) for line in order.lines],
    }


def order_values(order: Order) -> dict[str, object]:
    """Return what `order --json` answers: the sale and its payments."""
    payments = [
        {
            "method": payment.method,
            "amount_fen": payment.amount_fen,
            "handed_fen": payment.handed_fen,
            "reference": payment.reference,
        }
        for payment in order.payments
    ]
    return {**sale_values(order), "at_ms": order.at_ms, "payments": payments}


def order_text(order: Order, say: Language) -> str:
    """Return an order as lines for a person."""
    money = (
        (N_("At retail prices"), order.retail_fen),
        (N_("Saved"), order.saved_fen),
        (N_("of it with PLUS"), order.plus_saved_fen),
        (N_("Rounded off"), order.rounding_fen),
        (N_("Paid"), order.paid_fen),
        (N_("Change"), order.change_fen),
    )
    rows = [say(N_("Receipt {number} of {day}"), number=grouped(order.receipt_no), day=order.day)]
    rows += [_line_text(line, say) for line in order.lines]
    rows += [f"{say(name)}: {format_yuan(fen)}" for name, fen in money if fen or name == "Paid"]
    rows += [
        f"  {say(METHOD_NAMES[payment.method])}: {format_yuan(payment.amount_fen)}"
        for payment in order.payments
    ]
    if order.card:
        rows.append(say(N_("PLUS card sold, valid through {until}"), until=order.card.until))
        rows.append(f"  {order.card.card}")
    return "\n".join(rows)


def quantity_of(line: OrderLine) -> int | str:
    """Return pieces, or kilograms as a decimal string for what was weighed."""
    if line.weight_g is None:
        return line.quantity
    return f"{line.weight_g // 1000}.{line.weight_g % 1000:03d}"


def choices_named(names: Sequence[str], most: int = 3) -> str:
    """Name the first few of what was found."""
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _member(order: Order) -> Mapping[str, str] | None:
    """Return whose PLUS prices applied: an attached member's, or the one's who joined."""
    used = order.member or order.card
    return {"serial": used.serial, "until": used.until} if used else None


def _line_values(line: OrderLine) -> dict[str, object]:
    return {
        "sku": line.sku,
        "name": line.name_zh,
        "quantity": quantity_of(line),
        "unit_price_fen": line.unit_price_fen,
        "amount_fen": line.amount_fen,
        "price": line.price,
    }


def _line_text(line: OrderLine, say: Language) -> str:
    name = say.pick(line.name_zh, line.name_en)
    price = say(PRICE_NAMES[line.price])
    each = "" if labelled(line) else f" × {format_yuan(line.unit_price_fen)}"
    unit = "" if line.weight_g is None else " kg"
    amount = format_yuan(line.amount_fen)
    return f"  {name}  {quantity_of(line)}{unit}{each} = {amount}  {price}"
