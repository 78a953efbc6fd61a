"""Rendering what an order prints: its receipt, and the slip of the card that it sold."""

from collections.abc import Callable
from datetime import date
from typing import Literal, TypeVar

from msgspec.structs import replace
from sqlite_utils import Database

from membership.rules.phone import stored_display
from membership.rules.plan import PlanSettings
from membership.stores import members
from membership.stores.fed import fed_member_with
from pos.rules.blocks import Block
from pos.rules.card_slip import card_blocks
from pos.rules.escpos import encode
from pos.rules.order import Order
from pos.rules.paper import paper_of
from pos.rules.printer_settings import PrinterSettings
from pos.rules.receipt import receipt_blocks
from pos.rules.receipt_token import ReceiptToken, receipt_link, write_receipt_token
from pos.rules.settings import OrderLinkSettings
from pos.rules.slip import Heading
from sync.reference_damage import means_damage
from sync.rules.refusal import Fault
from sync.services.till import OpenTill
from sync.setup import CenterSettings, Setup
from sync.sqlite_driver import SqliteError

Document = Literal["receipt", "card"]
T = TypeVar("T")


def render(
    till: OpenTill, order: Order, document: Document, *, copy: bool, drawer: bool = False
) -> bytes:
    """Return an order's receipt or card slip as bytes for the configured paper.

    The receipt's QR is signed with the till's key; the card slip needs an order that sold one.
    A provisional card that the hub has confirmed meanwhile is printed as the hub signed it.
    With `drawer` the receipt opens the drawer if it took cash and a drawer is set up.
    """
    setup = till.setup
    paper = paper_of(setup.settings.get(PrinterSettings).width)
    heading = _heading(till, order, copy=copy, drawer=drawer)
    blocks: tuple[Block, ...]
    if document == "receipt":
        blocks = receipt_blocks(order, heading, paper, setup.say)
    else:
        blocks = card_blocks(_confirmed(till, order), heading, paper, setup.say)
    return encode(blocks, paper)


def _confirmed(till: OpenTill, order: Order) -> Order:
    card = order.card
    fed = _fed(till, fed_member_with, card.serial) if card and card.provisional else None
    if card is None or fed is None:
        return order
    return replace(order, card=replace(card, card=fed.card, provisional=False))


def _heading(till: OpenTill, order: Order, *, copy: bool, drawer: bool) -> Heading:
    settings, say = till.setup.settings, till.setup.say
    center = _center(till.setup, order.center)
    plan = settings.get(PlanSettings)
    template = settings.get(OrderLinkSettings).receipt_url
    return Heading(
        center=say.pick(center.name_zh, center.name_en),
        address=say.pick(center.address_zh, center.address_en),
        policy=say.pick(center.return_policy_zh, center.return_policy_en),
        member=_member(till, order),
        code=receipt_link(_token(till, order), template),
        linked=bool(template),
        demo=till.setup.demo,
        copy=copy,
        drawer=drawer and settings.get(PrinterSettings).drawer,
        refund_rule=say.pick(plan.refund_rule_zh, plan.refund_rule_en),
    )


def _center(setup: Setup, name: str) -> CenterSettings:
    """Return an order's center; one no longer configured goes by its name in the order.

    The till's own center is known: no till opens otherwise.
    """
    found = setup.settings.named(CenterSettings).get(name)
    if found is not None:
        return found
    assert name != setup.till.center, "refused when the till was opened"
    return CenterSettings(number=0, name_zh=name, name_en=name)


def _token(till: OpenTill, order: Order) -> str:
    token = ReceiptToken(
        till.keys.install, order.order_id, date.fromisoformat(order.day), order.paid_fen
    )
    return write_receipt_token(token, till.keys.sign)


def _member(till: OpenTill, order: Order) -> str:
    """Return whom the receipt names: `****1234` where it is known, else the serial."""
    used = order.card or order.member
    if used is None:
        return ""
    here = members.by_serial(till.journal.read(), used.serial)
    for kept in (here, _fed(till, members.by_serial, used.serial)):
        if kept is not None and kept.last4:
            return stored_display(kept.last4)
    return used.serial


def _fed(till: OpenTill, find: Callable[[Database, str], T | None], serial: str) -> T | None:
    """Look a member up as fed; damaged reference data keeps no receipt from being printed."""
    try:
        return find(till.reference.read(), serial)
    except (Fault, SqliteError) as error:
        if not means_damage(error):
            raise
        return None
