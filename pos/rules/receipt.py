"""An order → the receipt's blocks: heading, goods, sums, payments, policy, barcode and QR."""

from collections.abc import Iterator

from pos.rules.blocks import Barcode, Block, Cut, OpenDrawer, Row
from pos.rules.order import Method, Order, Payment
from pos.rules.paper import Paper, fill, printable, spread, wrap
from pos.rules.receipt_goods import goods_rows
from pos.rules.receipt_number import grouped
from pos.rules.slip import (
    Heading,
    Say,
    centered,
    mark_rows,
    member_rows,
    plain,
    qr_code,
    title_rows,
)
from sync.rules.days import china_time
from sync.rules.money import format_yuan
from sync.rules.refusal import N_

_METHODS: dict[Method, str] = {
    "cash": N_("Cash"),
    "wechat": N_("WeChat Pay"),
    "alipay": N_("Alipay"),
    "unionpay": N_("UnionPay"),
    "ecny": N_("e-CNY"),
}


def receipt_blocks(order: Order, heading: Heading, paper: Paper, say: Say) -> tuple[Block, ...]:
    """Lay a receipt out for a paper."""
    columns = paper.columns
    rule = Row("-" * columns)
    return (
        *_drawer(order, heading),
        *title_rows(heading, columns, say),
        rule,
        *_meta_rows(order, heading, columns, say),
        rule,
        *goods_rows(order, columns, say),
        rule,
        *_sum_rows(order, columns, say),
        rule,
        *_payment_rows(order, columns, say),
        rule,
        *_foot(order, heading, paper, say),
        *mark_rows(heading, say),
        Cut(),
    )


def _drawer(order: Order, heading: Heading) -> Iterator[OpenDrawer]:
    """Open the drawer for cash, where this print is the one that may."""
    cash = any(payment.method == "cash" for payment in order.payments)
    if heading.drawer and cash:
        yield OpenDrawer()


def _meta_rows(order: Order, heading: Heading, columns: int, say: Say) -> Iterator[Row]:
    moment = china_time(order.at_ms)
    yield Row(printable(say(N_("No. {number}"), number=grouped(order.receipt_no))))
    yield Row(printable(say(N_("Time {time}"), time=f"{moment:%Y-%m-%d %H:%M:%S}")))
    if order.day != moment.date().isoformat():
        yield Row(printable(say(N_("Business day {day}"), day=order.day)))
    till = printable(say(N_("Till {till}"), till=order.till))
    cashier = printable(say(N_("Cashier {cashier}"), cashier=order.cashier))
    yield from plain(spread(till, cashier, columns))
    yield from member_rows(order, heading, columns, say)


def _sum_rows(order: Order, columns: int, say: Say) -> Iterator[Row]:
    goods = [line for line in order.lines if line.kind == "goods"]
    if goods:
        kinds, pieces = len({line.sku for line in goods}), sum(line.quantity for line in goods)
        counted = say(N_("Goods: {kinds}, pieces: {pieces}"), kinds=kinds, pieces=pieces)
        yield from plain(wrap(printable(counted), columns))
    sums = (
        (N_("At retail prices"), order.retail_fen if order.saved_fen else 0),
        (N_("PLUS saving"), -order.plus_saved_fen),
        (N_("Other saving"), order.plus_saved_fen - order.saved_fen),
        (N_("Total"), order.total_fen if order.saved_fen or order.rounding_fen else 0),
        (N_("Cash rounding"), -order.rounding_fen),
    )
    for name, fen in sums:
        if fen:
            yield from plain(spread(printable(say(name)), format_yuan(fen), columns))
    due = fill(printable(say(N_("Due"))), f"￥{format_yuan(order.paid_fen)}", columns)
    yield Row(due, tall=True, bold=True)


def _payment_rows(order: Order, columns: int, say: Say) -> Iterator[Row]:
    """Say what was received, by which tender and under which number, and the change."""
    received_fen = sum(_received_fen(payment) for payment in order.payments)
    received = printable(say(N_("Received")))
    yield from plain(spread(received, format_yuan(received_fen), columns))
    for payment in order.payments:
        name = "  " + printable(say(_METHODS[payment.method]))
        yield from plain(spread(name, format_yuan(_received_fen(payment)), columns))
        if payment.reference:
            number = printable(say(N_("Ref. {number}"), number=payment.reference))
            yield from plain("    " + part for part in wrap(number, columns - 4))
    change = printable(say(N_("Change")))
    yield from plain(spread(change, format_yuan(order.change_fen), columns))
    if order.plus_saved_fen:
        saved = format_yuan(order.plus_saved_fen)
        yield Row(
            printable(say(N_("PLUS saved you {saved} yuan"), saved=saved)), "center", bold=True
        )


def _received_fen(payment: Payment) -> int:
    return payment.handed_fen if payment.method == "cash" else payment.amount_fen


def _foot(order: Order, heading: Heading, paper: Paper, say: Say) -> Iterator[Block]:
    if heading.policy:
        yield from plain(wrap(printable(heading.policy), paper.columns))
        yield Row()
    yield Barcode(order.receipt_no)
    yield Row(grouped(order.receipt_no), "center")
    yield qr_code(heading.code, paper)
    caption = (
        N_("Scan to see this sale and ask for an invoice")
        if heading.linked
        else N_("Show this code for an invoice or a return")
    )
    yield from centered(say(caption), paper.columns)
    yield from centered(say(N_("Thank you for coming")), paper.columns)
