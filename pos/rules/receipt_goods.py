"""The goods on a receipt: each with quantity, unit, unit price, amount, and the price that won.

Carried goods, goods that the factory ships, bags and the plan stand apart: what the law asks of
each differs, and a bag's own quantity and price must be seen.
"""

from collections.abc import Iterator, Sequence

from pos.rules.blocks import Row
from pos.rules.order import Order, OrderLine, labelled
from pos.rules.paper import columns_of, flush_right, printable, wrap
from pos.rules.slip import Say
from sync.rules.money import format_yuan
from sync.rules.refusal import N_

_FIGURES = (9, 9, 10)  # columns of quantity, unit price and amount, on any paper
_INDENT = "  "
_PARTS = (
    N_("Carried out"),
    N_("Shipped by the factory"),
    N_("Shopping bags"),
    N_("Membership"),
)


def goods_rows(order: Order, columns: int, say: Say) -> Iterator[Row]:
    """Lay out the goods' table: a head, then part by part, in the order of the basket."""
    head = (N_("Quantity"), N_("Unit price"), N_("Amount"))
    goods = printable(say(N_("Goods")))
    figures = _figures([printable(say(word)) for word in head])
    yield from (Row(line) for line in _table_lines(goods, figures, columns))
    for part, title in enumerate(_PARTS):
        lines = [line for line in order.lines if _part(line) == part]
        if lines:
            yield Row(printable(say(N_("[{part}]"), part=say(title))), bold=True)
        for line in lines:
            yield from (Row(text) for text in _line_lines(line, columns, say))


def _part(line: OrderLine) -> int:
    if line.kind == "goods":
        return 0 if line.delivery == "carried" else 1
    return 2 if line.kind == "bag" else 3


def _line_lines(line: OrderLine, columns: int, say: Say) -> Iterator[str]:
    name = printable(say.pick(line.name_zh, line.name_en))
    unit_price = "" if labelled(line) else format_yuan(line.unit_price_fen)
    cells = (printable(_quantity(line, say)), unit_price, format_yuan(line.amount_fen))
    yield from _table_lines(name, _figures(cells), columns)
    applied = _applied(line, say)
    if applied:
        room = columns - len(_INDENT)
        yield from (_INDENT + part for part in wrap(printable(applied), room))


def _quantity(line: OrderLine, say: Say) -> str:
    if line.weight_g is not None:
        return f"{_kilograms(line.weight_g)}kg"
    if labelled(line):
        return say(N_("1 pack"))
    return f"{line.quantity}{line.unit}"


def _kilograms(weight_g: int) -> str:
    return f"{weight_g // 1000}.{weight_g % 1000:03}"


def _applied(line: OrderLine, say: Say) -> str:
    """Say which price won and what it saved; nothing where it is the retail price."""
    if line.kind != "goods" or line.price == "retail":
        return ""
    if line.price == "tier":
        name = say(N_("Quantity price from {start}"), start=_threshold(line))
    elif line.price == "plus":
        name = say(N_("PLUS price"))
    else:
        name = say(N_("Price on the label") if line.price == "fixed" else N_("Promotion"))
    saved_fen = line.retail_fen - line.amount_fen
    if saved_fen <= 0:
        return name
    saved = say(N_("saved {amount}"), amount=format_yuan(saved_fen))
    return f"{name}  {saved}"


def _threshold(line: OrderLine) -> str:
    start = line.tier_start or 0
    if line.weight_g is None:
        return f"{start}{line.unit}"
    return f"{start // 1000}kg" if start % 1000 == 0 else f"{_kilograms(start)}kg"


def _figures(cells: Sequence[str]) -> str:
    """Put figures into their columns; a wide one pushes, and a space always parts them."""
    return "".join(
        flush_right(cell, max(width, columns_of(cell) + 1))
        for cell, width in zip(cells, _FIGURES, strict=True)
    )


def _table_lines(name: str, figures: str, columns: int) -> Iterator[str]:
    """Put a name before its figures, or on lines of its own above them."""
    room = columns - columns_of(figures)
    if columns_of(name) <= room:
        yield name + flush_right(figures, columns - columns_of(name))
        return
    yield from wrap(name, columns)
    yield from (flush_right(part, columns) for part in wrap(figures.strip(), columns))
