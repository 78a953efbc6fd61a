"""`xuanpin pos sell` and `order`: the counter's headless twin."""

from collections.abc import Sequence

import click
import msgspec
from msgspec import structs

from membership.rules.card import looks_like_card
from membership.rules.member import Member
from membership.rules.plan import PlanSettings
from pos.faces.order_answers import choices_named, order_text, order_values, sale_values
from pos.faces.printers import make_worker
from pos.rules.answers import Scanned
from pos.rules.cart import Cart, open_cart
from pos.rules.order import Order
from pos.rules.receipt_number import parse_receipt_number
from pos.rules.tender import Tender, parse_tender
from pos.services.checkout import Checkout, Completed
from pos.services.register import Register
from pos.stores import orders
from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.rules.refusal import N_, Fault, Refused
from sync.services.signing_in import sign_in
from sync.services.till import OpenTill, open_till, other_center
from sync.setup import Setup


class Asked(msgspec.Struct, frozen=True):
    """One sale as the command line asks for it; `join` is a phone number, or empty for none."""

    scans: Sequence[str]
    tenders: Sequence[Tender]
    member: str | None = None
    join: str | None = None


class Filled(msgspec.Struct, frozen=True):
    """A basket rung up; `member_refused` says why it is without the member named."""

    cart: Cart
    member_refused: Refused | None = None


class Sold(msgspec.Struct, frozen=True):
    """A sale that was made; `member_refused` says why it was made without the member named."""

    order: Order
    member_refused: Refused | None = None


@click.command(
    "sell", help="Ring up one sale: scan codes, take tenders, print the receipt; push it later."
)
@click.option("--scan", "scans", multiple=True, help="A code as scanned, 3*CODE for three pieces.")
@click.option("--member", help="Attach a member by PLUS card or phone number.")
@click.option(
    "--join",
    is_flag=False,
    flag_value="",
    metavar="[PHONE]",
    help="Sell a PLUS membership, with a phone number or without.",
)
@click.option(
    "--tender", "tenders", multiple=True, help="What is handed over: cash=100.00, wechat=12.30."
)
@json_option
@pass_setup
def sell_command(
    setup: Setup,
    scans: tuple[str, ...],
    member: str | None,
    join: str | None,
    tenders: tuple[str, ...],
    as_json: bool,
) -> None:
    """Sell once, or refuse and leave nothing behind."""
    given = [accepted(setup, parse_tender(text), as_json=as_json) for text in tenders]
    # All is known at once: whatever was named first, cash pays the rest and gives the change.
    taken = sorted(given, key=lambda tender: tender.method == "cash")
    sold = accepted(setup, sell(setup, Asked(scans, taken, member, join)), as_json=as_json)
    values = {**sale_values(sold.order), "member_refused": None}
    if sold.member_refused is not None:
        problem = setup.say.refusal(sold.member_refused)
        values["member_refused"] = {"reason": sold.member_refused.reason, "message": problem}
        click.echo(setup.say(_WITHOUT_MEMBER, problem=problem), err=True)
    answer(order_text(sold.order, setup.say), values, as_json=as_json)


@click.command("order", help="Show a completed order by its receipt number.")
@click.argument("number")
@json_option
@pass_setup
def order_command(setup: Setup, number: str, as_json: bool) -> None:
    """Look an order up, also beside an open counter."""
    parsed = accepted(setup, parse_receipt_number(number), as_json=as_json)
    with accepted(setup, open_till(setup, "read"), as_json=as_json) as till:
        order = orders.by_receipt(till.journal.read(), parsed.digits)
    if order is None:
        refuse(setup, _no_order(number), as_json=as_json)
    answer(order_text(order, setup.say), order_values(order), as_json=as_json)


def sell(setup: Setup, asked: Asked) -> Sold | Refused:
    """Ring a sale up beside nobody: tried without writing anything first, then sold and printed.

    A member who is refused refuses no sale: it goes on without the member, at retail prices.
    When the plan's fee is returned is said on stderr before money is taken.
    """
    reading = open_till(setup, "read", begin=True)
    if isinstance(reading, Refused):
        return reading
    with reading:
        moved = other_center(reading)
        if moved is not None:
            return moved
        filled = _fill(Register(reading, keep=False), asked)
        if isinstance(filled, Refused):
            return filled
        tried = Checkout(reading).quote(filled.cart, asked.tenders)
    if isinstance(tried, Refused):
        return tried
    if filled.cart.join is not None:
        plan = setup.settings.get(PlanSettings)
        name = setup.say.pick(plan.name_zh, plan.name_en)
        rule = setup.say.pick(plan.refund_rule_zh, plan.refund_rule_en)
        click.echo(setup.say(N_("{plan}: {rule}"), plan=name, rule=rule), err=True)
    selling = open_till(setup, "sell")
    if isinstance(selling, Refused):
        return selling
    with selling:
        completed = _sold(selling, filled.cart, asked.tenders)
    if isinstance(completed, Refused):
        return completed
    return Sold(completed.order, filled.member_refused)


def _fill(register: Register, asked: Asked) -> Filled | Refused:
    """Do at the register what was asked, in the order a cashier would."""
    member: Member | Refused | None = None
    for text in asked.scans:
        scanned = register.scan(text)
        if isinstance(scanned, Refused):
            if not looks_like_card(text):
                return scanned
            member = scanned
        elif scanned.kind == "choices":
            return _ambiguous(text, scanned)
        elif scanned.kind == "member":
            member = scanned.member
    if asked.member is not None:
        member = register.attach(asked.member)
    if asked.join is not None:
        refused = register.join(asked.join or None)
        if refused is not None:
            return refused
    if isinstance(member, Refused) and not register.cart.lines:
        return member
    return Filled(register.cart, member if isinstance(member, Refused) else None)


def _sold(till: OpenTill, cart: Cart, tenders: Sequence[Tender]) -> Completed | Refused:
    own = open_cart(till.new_id(), till.now_ms(), till.today().isoformat())
    cart = structs.replace(cart, order_id=own.order_id, opened_at_ms=own.opened_at_ms, day=own.day)
    sign_in(till, till.setup.till.cashier)
    completed = Checkout(till).complete(cart, tenders)
    if not isinstance(completed, Refused):
        _print(till)
    return completed


def _print(till: OpenTill) -> None:
    """Print what waits; a sale that is made stays made, whatever the printer does."""
    say = till.setup.say
    try:
        state = make_worker(till).print_waiting()
    except Fault as fault:
        click.echo(say.refusal(fault.refused), err=True)
        return
    if state not in ("ready", "none", "unasked"):
        click.echo(say(N_("The printer is not ready: the receipt waits.")), err=True)


_WITHOUT_MEMBER = N_("Sold without the member named: {problem}")


def _ambiguous(text: str, scanned: Scanned) -> Refused:
    return Refused(
        "scan.words",
        N_("“{text}” is not a code; it finds {names}."),
        N_("Name one of them by its code or sku."),
        {"text": text, "names": choices_named([item.sku for item in scanned.choices])},
    )


def _no_order(number: str) -> Refused:
    return Refused(
        "order.unknown",
        N_("No order with the receipt number {number} was sold at this till."),
        N_("Check the digits, and --till if another till of this machine sold it."),
        {"number": number},
    )
