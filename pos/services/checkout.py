"""Completing a sale: order, membership, journal entry and print job in one transaction."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from typing import NoReturn

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database

from membership.rules.grant import Grant, Issuer, grant_draft, make_grant
from membership.rules.phone import PhoneToken
from membership.rules.plan import PlanSettings
from membership.services.desk import Desk
from membership.stores import members
from pos.rules import cart as carting
from pos.rules.basket import PricedBasket
from pos.rules.cart import Cart, private_of
from pos.rules.order import SALE, CardSold, Order, journalled
from pos.rules.ordering import Place, already_member, check_sellable, make_order
from pos.rules.pricing import goods_fen, price_basket
from pos.rules.receipt_number import receipt_number
from pos.rules.settings import RoundingSettings
from pos.rules.tender import Due, Settlement, Tender, due, settle
from pos.stores import carts, orders, print_jobs
from pos.stores.print_jobs import Document
from sync import ballast
from sync.database import MOST_ATTEMPTS, CommitUnknown
from sync.rules.entry import MOST_BODY_BYTES, Draft
from sync.rules.refusal import N_, Fault, Refused
from sync.rules.runs import Stamp
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.stores import day_totals
from sync.stores.journal import append

LEAST_FREE_BYTES = 8 * 1024 * 1024
# What the finished order may add to the one measured before paying: its card and its payments,
# of which there are `MOST_TENDERS` at most.
_BODY_RESERVE_BYTES = 8 * 1024
_UNNUMBERED = "0" * 20


class Completed(msgspec.Struct, frozen=True):
    """A sale that is durable: the order as journalled, and the print jobs that wait for it."""

    order: Order
    job_ids: tuple[int, ...]


class _Sale(msgspec.Struct, frozen=True):
    """Everything about a sale that is settled before its transaction begins."""

    cart: Cart
    priced: PricedBasket
    settlement: Settlement
    place: Place
    issuer: Issuer | None


class Checkout:
    """Takes the money of one till's carts."""

    def __init__(self, till: OpenTill) -> None:
        """Sell under the run of an open till."""
        self._till = till
        self._desk = Desk(till)
        self._rounding = till.setup.settings.get(RoundingSettings).cash
        self._plan = till.setup.settings.get(PlanSettings)
        self._failures = 0

    def due(self, cart: Cart, tenders: Sequence[Tender] = ()) -> Due | Refused:
        """Return what is still to pay after some tenders, by wallet and in cash."""
        priced = _priced(cart)
        return due(priced.total_fen, tenders, self._rounding, goods_fen=goods_fen(priced))

    def ready(self, cart: Cart) -> Refused | None:
        """Say why no money may be taken for this cart: empty, too large to record, disk full."""
        return self._not_ready(cart, _priced(cart))

    def _not_ready(self, cart: Cart, priced: PricedBasket) -> Refused | None:
        refused = check_sellable(cart)
        if refused is not None:
            return refused
        if _body_bytes(cart, priced, self._place()) > MOST_BODY_BYTES - _BODY_RESERVE_BYTES:
            return Refused(
                "sale.too_large",
                N_("This basket is too large to be recorded as one sale."),
                N_("Take no money yet; sell it in two parts."),
            )
        return self._already_member(cart) or self._disk_full()

    def _already_member(self, cart: Cart) -> Refused | None:
        """Look again: since the plan was put in, the same number may have joined elsewhere."""
        if cart.join is None or not cart.join.phone_hash:
            return None
        member = self._desk.member_with(cart.join.phone_hash)
        return None if member is None else already_member(member)

    def _disk_full(self) -> Refused | None:
        """Keep some room free, and as much more as closing the day may need and has not laid by."""
        directory = self._till.directory
        try:
            free_bytes = shutil.disk_usage(directory).free
            least_bytes = LEAST_FREE_BYTES + ballast.missing_bytes(directory)
        except OSError as error:
            raise Fault(_not_recorded(error)) from error
        if free_bytes >= least_bytes:
            return None
        return Refused(
            "disk.full",
            N_("The disk is full: {free} KiB are free, a sale needs {least}."),
            N_("Take no money yet; free some space where {path} is."),
            {"path": directory, "free": free_bytes // 1024, "least": least_bytes // 1024},
        )

    def quote(self, cart: Cart, tenders: Sequence[Tender]) -> Settlement | Refused:
        """Say how these tenders would settle the cart, or why they would not; writes nothing."""
        sale = self._settled(cart, tenders)
        return sale if isinstance(sale, Refused) else sale.settlement

    def complete(self, cart: Cart, tenders: Sequence[Tender]) -> Completed | Refused:
        """Sell the cart. Only after this has returned may anything print or say "paid".

        Completing the same cart again returns the sale that was made. Raises `Fault` when the
        database fails: the sale is then not recorded, or its outcome cannot be proven and this
        process sells no more.
        """
        made = self._made(cart.order_id)
        if made is not None:
            return made
        sale = self._settled(cart, tenders)
        if isinstance(sale, Refused):
            return sale
        with self._till.journal.exclusive():
            return self._record(sale)

    def _settled(self, cart: Cart, tenders: Sequence[Tender]) -> _Sale | Refused:
        priced = _priced(cart)
        refused = self._not_ready(cart, priced)
        if refused is not None:
            return refused
        settlement = settle(priced.total_fen, tenders, self._rounding, goods_fen=goods_fen(priced))
        if isinstance(settlement, Refused):
            return settlement
        issuer = self._desk.issuer() if cart.join is not None else None
        if isinstance(issuer, Refused):
            return issuer
        return _Sale(cart, priced, settlement, self._place(), issuer)

    def _place(self) -> Place:
        till, enrolment = self._till.setup.till, self._till.enrolment
        return Place(
            center=till.center,
            till=enrolment.name if enrolment else till.id,
            till_number=enrolment.number if enrolment else 0,
            cashier=till.cashier,
        )

    def _record(self, sale: _Sale) -> Completed | Refused:
        """Commit the sale; of unknown outcome, look it up, and try again under the same id."""
        for _ in range(MOST_ATTEMPTS):
            try:
                with self._till.journal.transaction() as db:
                    completed = self._write(db, sale)
            except CommitUnknown:
                found = self._look_up(sale.cart.order_id)
                if found is not None:
                    return found
            except SqliteError as error:
                self._failures += 1
                if self._failures < MOST_ATTEMPTS:
                    raise Fault(_not_recorded(error)) from error
                break
            else:
                self._failures = 0
                return completed
        return self._stop_selling()

    def _write(self, db: Database, sale: _Sale) -> Completed | Refused:
        """Write all of a sale inside its one transaction."""
        place = sale.place
        cart = replace(sale.cart, day=day_totals.first_open(db, date.fromisoformat(sale.cart.day)))
        grant = self._grant(db, sale)
        if isinstance(grant, Refused):
            return grant
        stamp = self._till.stamp()
        day_count = orders.next_day_count(db, cart.day)
        number = receipt_number(
            date.fromisoformat(cart.day), place.till_number, day_count, cart.order_id
        )
        order = make_order(
            cart,
            sale.priced,
            sale.settlement,
            receipt_no=number,
            at_ms=stamp.at_ms,
            place=place,
            card=_card_sold(grant) if grant else None,
        )
        body = msgspec.json.encode(journalled(order))
        draft = Draft(SALE, order.order_id, order.day, order.paid_fen, body)
        header = append(db, self._till.run, stamp, draft).header
        orders.add(db, order, run=header.run, seq=header.seq, day_count=day_count)
        if grant is not None:
            self._journal_grant(db, cart, grant, stamp)
        carts.remove(db, order.order_id)
        documents: tuple[Document, ...] = ("receipt", "card") if grant else ("receipt",)
        jobs = tuple(print_jobs.add(db, order.order_id, document) for document in documents)
        return Completed(order, jobs)

    def _grant(self, db: Database, sale: _Sale) -> Grant | Refused | None:
        if sale.issuer is None:
            return None
        counter = members.next_counter(db, sale.issuer.first_counter)
        serial, today = self._desk.new_serial(), self._till.certain_day()
        return make_grant(sale.issuer, counter, serial, today, self._plan.years)

    def _journal_grant(self, db: Database, cart: Cart, grant: Grant, stamp: Stamp) -> None:
        assert cart.join is not None
        private = private_of(cart.join)
        draft = grant_draft(grant, cart.order_id, self._till.new_id(), cart.day, private)
        append(db, self._till.run, stamp, draft)
        token = PhoneToken(cart.join.phone_hash, cart.join.last4, private) if private else None
        members.add(db, grant, cart.order_id, token)

    def _made(self, order_id: str) -> Completed | None:
        db = self._till.journal.read()
        order = orders.by_id(db, order_id)
        return None if order is None else Completed(order, print_jobs.of_order(db, order_id))

    def _look_up(self, order_id: str) -> Completed | None:
        """After a COMMIT of unknown outcome: a sale counts once a checkpoint has proven it."""
        try:
            self._till.journal.reopen()
            found = self._made(order_id)
            if found is not None:
                self._till.journal.checkpoint()
        except (Fault, SqliteError):
            self._stop_selling()
        return found

    def _stop_selling(self) -> NoReturn:
        self._till.journal.stop(_STOPPED)
        raise Fault(_STOPPED)


_STOPPED = Refused(
    "sale.stopped",
    N_("The disk failed while a sale was being recorded; this till sells no more."),
    N_("Close the counter, check the disk, then look the sale up before selling again."),
)


def _not_recorded(error: Exception) -> Refused:
    return Refused(
        "sale.not_recorded",
        N_("The sale was not recorded: {problem}."),
        N_("Give the money back, or try again."),
        {"problem": error},
    )


def _priced(cart: Cart) -> PricedBasket:
    return price_basket(cart.lines, carting.benefits(cart))


def _body_bytes(cart: Cart, priced: PricedBasket, place: Place) -> int:
    """Measure the order that a cart would become, but for its card and payments."""
    unpaid = replace(cart, join=None)
    settlement = Settlement((), 0, priced.total_fen, 0)
    order = make_order(
        unpaid, priced, settlement, receipt_no=_UNNUMBERED, at_ms=cart.opened_at_ms, place=place
    )
    return len(msgspec.json.encode(order))


def _card_sold(grant: Grant) -> CardSold:
    return CardSold(
        card=grant.text,
        serial=grant.card.serial,
        from_day=grant.card.from_day.isoformat(),
        until=grant.card.until.isoformat(),
        provisional=grant.provisional,
    )
