"""What the counter calls things: short words for lines, prices, members, printer and hub."""

from pos.rules.basket import Line, PricedLine
from pos.rules.items import Item
from pos.rules.order import Method
from sync.language import Language
from sync.rules.money import format_yuan
from sync.rules.refusal import N_

METHOD_NAMES: dict[Method, str] = {
    "cash": N_("Cash"),
    "wechat": N_("WeChat"),
    "alipay": N_("Alipay"),
    "unionpay": N_("UnionPay"),
    "ecny": N_("e-CNY"),
}


def delivery_word(say: Language, line: Line) -> str:
    """Return how a line leaves; the plan does not."""
    if line.item.kind == "plan":
        return "-"
    return say("Ships") if line.delivery == "shipped" else say("Carry")


def quantity_word(line: Line) -> str:
    """Return pieces, or the weight of a weighed label."""
    return str(line.quantity) if line.weight_g is None else f"{kilograms(line.weight_g)}kg"


def kilograms(weight_g: int) -> str:
    """Write grams as kilograms."""
    return f"{weight_g // 1000}.{weight_g % 1000:03d}"


def price_word(say: Language, priced: PricedLine) -> str:
    """Return which price applied, where it was not the marked one."""
    if priced.price == "plus":
        return "PLUS"
    if priced.price == "tier":
        word = N_("{start} up") if priced.line.item.weighed else N_("from {start}")
        return say(word, start=_start(priced.line.item, priced.tier_start or 0))
    if priced.price == "promotion":
        return say("Offer")
    if priced.price == "fixed" and priced.line.item.kind == "goods":
        return say("Label")
    return ""


def item_words(say: Language, item: Item) -> str:
    """Return what a cashier is asked about an item: its prices, where it comes from."""
    parts = [
        say.pick(item.name_zh, item.name_en),
        say("retail {price}/{unit}", price=format_yuan(item.retail_fen), unit=item.unit),
    ]
    if item.plus_fen is not None and item.plus_fen < item.retail_fen:
        parts.append(f"PLUS {format_yuan(item.plus_fen)}")
    parts += [
        say(
            "from {start}{unit} {price}",
            start=_start(item, tier.start),
            unit="" if item.weighed else item.unit,
            price=format_yuan(tier.price_fen),
        )
        for tier in item.tiers
    ]
    parts += [word for word in (item.cluster, item.source) if word]
    return "  ".join(parts)


def _start(item: Item, start: int) -> str:
    if not item.weighed:
        return str(start)
    whole, grams = divmod(start, 1000)
    return f"{whole}kg" if not grams else f"{kilograms(start)}kg"
