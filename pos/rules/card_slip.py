"""A sold PLUS card as a slip of its own: the QR that brings PLUS prices, and until when."""

from collections.abc import Iterator

from pos.rules.blocks import Block, Cut, Row
from pos.rules.order import CardSold, Order
from pos.rules.paper import Paper, printable, spread, wrap
from pos.rules.receipt_number import grouped
from pos.rules.slip import Heading, Say, centered, mark_rows, plain, qr_code, title_rows
from sync.rules.refusal import N_


def card_blocks(order: Order, heading: Heading, paper: Paper, say: Say) -> tuple[Block, ...]:
    """Lay out the slip of the card that an order sold."""
    assert order.card is not None, "an order without a card has no slip"
    columns = paper.columns
    rule = Row("-" * columns)
    return (
        *title_rows(heading, columns, say),
        rule,
        Row(printable(say(N_("PLUS CARD"))), "center", wide=True, tall=True),
        *_plan_rows(order, columns, say),
        *_provisional_rows(order.card, columns, say),
        qr_code(order.card.card, paper),
        *centered(say(N_("Show this code at the counter for PLUS prices")), columns),
        rule,
        *_card_rows(order, order.card, heading, columns, say),
        rule,
        *plain(wrap(printable(say(_KEEP)), columns)),
        *plain(wrap(printable(heading.refund_rule), columns) if heading.refund_rule else ()),
        *mark_rows(heading, say),
        Cut(),
    )


_KEEP = N_("Take a picture of this code: whoever shows it gets PLUS prices.")


def _plan_rows(order: Order, columns: int, say: Say) -> Iterator[Row]:
    for line in order.lines:
        if line.kind == "plan":
            yield from centered(say.pick(line.name_zh, line.name_en), columns)


def _provisional_rows(card: CardSold, columns: int, say: Say) -> Iterator[Row]:
    """Say plainly where a card counts that the hub does not know of yet."""
    if card.provisional:
        yield Row(printable(say(N_("PROVISIONAL CARD"))), "center", tall=True, bold=True)
        note = say(N_("Good at this till only, until the hub has confirmed it"))
        yield from centered(note, columns)


def _card_rows(
    order: Order, card: CardSold, heading: Heading, columns: int, say: Say
) -> Iterator[Row]:
    pairs = [
        (N_("Card no."), card.serial),
        (N_("Valid from"), card.from_day),
        (N_("Valid through"), card.until),
        (N_("Receipt"), grouped(order.receipt_no)),
        (N_("Till"), order.till),
    ]
    if heading.member != card.serial:
        pairs.insert(1, (N_("Phone"), heading.member))
    for name, value in pairs:
        yield from plain(spread(printable(say(name)), printable(value), columns))
