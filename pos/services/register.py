"""The register: one open cart, changed by scans and keys, persisted at every change."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import partial

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database

from membership.rules.member import Member
from membership.rules.plan import PlanSettings
from membership.services.desk import Desk
from membership.stores import members
from pos.rules import cart as carting
from pos.rules.answers import Held, Recalled, Scanned, View
from pos.rules.basket import PricedBasket
from pos.rules.cart import Cart, CartMember
from pos.rules.codes import half_width
from pos.rules.items import Delivery, Item
from pos.rules.ordering import already_member, check_sellable
from pos.rules.pricing import price_basket
from pos.rules.renewing import Renewed, renewed
from pos.rules.scans import CardText, ItemCode, OfferLink, ScaleLabel, Words, read_scan
from pos.rules.settings import ScanSettings
from pos.rules.tender import Tender
from pos.rules.voided import CART_VOIDED, voided
from pos.stores import carts, catalogue
from sync.rules.entry import Draft
from sync.rules.refusal import N_, Fault, Refused
from sync.services.till import OpenTill
from sync.sqlite_driver import SqliteError
from sync.stores import day_totals
from sync.stores.journal import append

MOST_CHOICES = 20


class Register:
    """The cart of one counter. Every method that changes it returns None or a refusal.

    A cart is kept from its first change on; its id and business day are of that moment.
    """

    def __init__(self, till: OpenTill, *, keep: bool = True) -> None:
        """Take up the cart that an earlier run left open, under a new id; else start empty.

        Of several the newest is taken up and the others are held; one without goods is dropped.
        Without `keep` the cart lives in memory only, and nothing is ever written.
        """
        self._till = till
        self._settings = till.setup.settings
        self._center = till.setup.till.center
        self._desk = Desk(till)
        self._keep = keep
        self._kept = False
        self._held = 0
        self._cart = self._blank()
        if keep:
            self._take_up()

    @property
    def cart(self) -> Cart:
        """The open cart."""
        return self._cart

    def view(self) -> View:
        """Price the open cart as it stands."""
        return View(self._cart, _priced(self._cart), self._held)

    def scan(self, text: str, *, delivery: Delivery | None = None) -> Scanned | Refused:
        """Act on what was scanned or typed: a code, a scale label, a link, a card, words.

        `delivery` None leaves it to the item. What nothing answers to is refused.
        """
        scan = read_scan(text, self._settings.get(ScanSettings).scales)
        if isinstance(scan, Refused):
            return scan
        if isinstance(scan, CardText):
            member = self.attach(scan.text)
            return member if isinstance(member, Refused) else Scanned("member", member=member)
        item = self._look_up(scan)
        if item is not None:
            return self._add(item, scan, text, delivery)
        choices = tuple(self.search(scan.text)) if isinstance(scan, Words) else ()
        if choices:
            return Scanned("choices", choices=choices)
        return Refused(
            "scan.unknown",
            N_("Nothing here has the code “{code}”."),
            N_("Search for the item by its name, or ask for its price."),
            {"code": half_width(text).strip()},
        )

    def add_item(self, sku: str, quantity: int = 1) -> Scanned | Refused:
        """Add an item chosen from a list or by a quick key."""
        item = self.item(sku)
        if item is None:
            return Refused(
                "item.unknown",
                N_("No item “{sku}” is sold in this center."),
                N_("Check the sku, or import the catalogue."),
                {"sku": sku},
            )
        return self._put(item, carting.add(self._current(), item, quantity=quantity, code=sku))

    def item(self, sku: str) -> Item | None:
        """Return the item with this sku if it is sold in this center."""
        item = catalogue.by_sku(self._till.reference.read(), sku, self._till.now_ms())
        return item if item and (not item.centers or self._center in item.centers) else None

    def search(self, text: str, limit: int = MOST_CHOICES) -> Sequence[Item]:
        """Find items by code, name or pinyin initials."""
        db, now_ms = self._till.reference.read(), self._till.now_ms()
        return catalogue.search(db, text, self._center, now_ms, limit)

    def set_quantity(self, number: int, quantity: int) -> Refused | None:
        """Set the pieces of a line."""
        return self._change(carting.set_quantity(self._cart, number, quantity))

    def set_delivery(self, number: int, delivery: Delivery) -> Refused | None:
        """Say whether a line is carried out or shipped by the factory."""
        return self._change(carting.set_delivery(self._cart, number, delivery))

    def remove(self, number: int) -> Refused | None:
        """Take a line out."""
        return self._change(carting.remove(self._cart, number))

    def attach(self, text: str) -> Member | Refused:
        """Attach the member of a card text or a phone number; refused unless PLUS applies."""
        member = self._desk.find(text)
        if isinstance(member, Refused):
            return member
        used = CartMember(serial=member.serial, until=member.until.isoformat(), label=member.label)
        refused = self._change(carting.attach_member(self._current(), used))
        return member if refused is None else refused

    def detach(self) -> Refused | None:
        """Forget the attached member; prices go back."""
        return self._change(carting.detach_member(self._cart)) if self._cart.member else None

    def join(self, phone: str | None = None) -> Refused | None:
        """Put the PLUS plan into the cart, with or without a phone number."""
        token = self._desk.token(phone) if phone else None
        if isinstance(token, Refused):
            return token
        known = self._desk.find(phone) if phone else None
        if isinstance(known, Member):
            return already_member(known)
        plan = carting.plan_item(self._settings.get(PlanSettings))
        return self._change(carting.join(self._current(), plan, carting.join_request(token)))

    def take(self, tenders: Sequence[Tender]) -> None:
        """Keep what was handed over so far for the open cart: nothing, once it is given back."""
        self._save(replace(self._cart, taken=tuple(tenders)))

    def void(self) -> Refused | None:
        """Give the open cart up; the journal keeps what was in it."""
        refused = check_sellable(self._cart) or carting.money_taken(self._cart)
        if refused is not None:
            if not self._cart.lines:
                self.start_new()
            return refused
        if self._keep:
            self._till.journal.repeatable(self._journal_void)
        self._forget()
        return None

    def hold(self) -> int | Refused:
        """Set the open cart aside; returns the number to recall it by."""
        refused = check_sellable(self._cart) or carting.money_taken(self._cart)
        if refused is not None:
            return refused
        run, cart = self._till.run.run, self._cart
        number = self._till.journal.repeatable(lambda db: carts.set_aside(db, run, cart))
        self._held += 1
        self._forget()
        return number

    def recall(self, number: int) -> Recalled | Refused:
        """Take a held cart back, with today's items and prices, into an empty register."""
        if self._cart.lines:
            return Refused(
                "cart.in_use",
                N_("There are goods in the open basket."),
                N_("Hold it or sell it first."),
            )
        found = carts.held_cart(self._till.journal.read(), number)
        if found is None:
            return Refused(
                "cart.not_held",
                N_("No basket is held under number {number}."),
                N_("Look at the list of held baskets."),
                {"number": number},
            )
        before = _priced(found[1])
        self.start_new()
        kept = self._continue(*found)
        self._held -= 1
        return Recalled(number, before.total_fen, _priced(self._cart).total_fen, kept)

    def held(self) -> Sequence[Held]:
        """List the carts set aside, lowest number first."""
        return [
            Held(
                number=cart.held_as or 0,
                lines=len(cart.lines),
                total_fen=_priced(cart).total_fen,
                opened_at_ms=cart.opened_at_ms,
            )
            for cart in carts.held_carts(self._till.journal.read())
        ]

    def start_new(self) -> None:
        """Show an empty cart, as after a completed sale; an open one without goods is dropped."""
        if self._kept and not self._cart.lines:
            order_id = self._cart.order_id
            self._till.journal.repeatable(lambda db: carts.remove(db, order_id))
        self._forget()

    def _forget(self) -> None:
        """Show an empty cart, whatever can be read: what was done with its goods is done.

        A read that failed here would leave a cart open that is sold, voided or held. The day is
        looked up again when the cart opens, at its first change.
        """
        till, day = self._till, self._cart.day
        with suppress(Fault, SqliteError):
            day = till.business_day()
        self._kept = False
        self._cart = carting.open_cart(till.new_id(), till.now_ms(), day)

    def _blank(self) -> Cart:
        till = self._till
        return carting.open_cart(till.new_id(), till.now_ms(), till.business_day())

    def _current(self) -> Cart:
        """Return the cart to change: an untouched one opens only now."""
        untouched = self._cart.next_number == 1 and self._cart.member is None and not self._kept
        return self._blank() if untouched else self._cart

    def _change(self, cart: Cart | Refused) -> Refused | None:
        if isinstance(cart, Refused):
            return cart
        refused = carting.money_taken(self._cart)
        if refused is None:
            self._save(cart)
        return refused

    def _save(self, cart: Cart) -> None:
        if self._keep:
            run = self._till.run.run
            self._till.journal.repeatable(lambda db: carts.save(db, run, cart))
            self._kept = True
        self._cart = cart

    def _look_up(self, scan: ItemCode | ScaleLabel | OfferLink | Words) -> Item | None:
        db, now_ms = self._till.reference.read(), self._till.now_ms()
        if isinstance(scan, OfferLink):
            return catalogue.by_offer(db, scan.offer_id, self._center, now_ms)
        if isinstance(scan, Words):
            found = catalogue.by_code(db, (scan.text,), self._center, now_ms)
            return found or self.item(scan.text)
        return catalogue.by_code(db, scan.candidates, self._center, now_ms)

    def _add(
        self,
        item: Item,
        scan: ItemCode | ScaleLabel | OfferLink | Words,
        text: str,
        delivery: Delivery | None,
    ) -> Scanned | Refused:
        if isinstance(scan, ScaleLabel):
            changed = carting.add(
                self._current(),
                item,
                weight_g=scan.weight_g,
                label_fen=scan.amount_fen,
                delivery=delivery,
                code=scan.code,
            )
        else:
            code = scan.code if isinstance(scan, ItemCode) else text.strip()
            changed = carting.add(
                self._current(), item, quantity=scan.quantity, delivery=delivery, code=code
            )
        return self._put(item, changed)

    def _put(self, item: Item, changed: Cart | Refused) -> Scanned | Refused:
        refused = self._change(changed)
        if refused is not None:
            return refused
        return Scanned("item", item=item, line_number=self._cart.touched)

    def _take_up(self) -> None:
        left = carts.open_carts(self._till.journal.read())
        for _, empty in left:
            if not empty.lines:
                self._till.journal.repeatable(partial(carts.remove, order_id=empty.order_id))
        filled = [(run, cart) for run, cart in left if cart.lines]
        if filled:
            self._continue(*filled[0])
        for run, older in filled[1:]:
            self._till.journal.repeatable(partial(carts.set_aside, run=run, cart=older))
        self._held = carts.count_held(self._till.journal.read())

    def _continue(self, run: str, cart: Cart) -> tuple[Item, ...]:
        """Go on with a kept cart: under its id only in the same run, on the same day.

        Returns what is in it as it was, because it is sold in another way now.
        """
        fresh = self._blank()
        done = Renewed(replace(cart, held_as=None))
        if not cart.taken:  # a visitor who has begun to pay pays the prices they were told
            done = self._renewed(done.cart)
        taken_up = done.cart
        if run != self._till.run.run or cart.day != fresh.day:
            taken_up = replace(
                taken_up,
                order_id=fresh.order_id,
                opened_at_ms=fresh.opened_at_ms,
                day=fresh.day,
            )

        def move(db: Database) -> None:
            carts.remove(db, cart.order_id)
            carts.save(db, self._till.run.run, taken_up)

        self._till.journal.repeatable(move)
        self._cart, self._kept = taken_up, True
        return done.kept

    def _renewed(self, cart: Cart) -> Renewed:
        """Return a cart with the items and prices of now, and its member only if still valid."""
        db, now_ms = self._till.reference.read(), self._till.now_ms()
        plan = carting.plan_item(self._settings.get(PlanSettings))
        today: dict[str, Item] = {}
        for item in (line.item for line in cart.lines):
            found = plan if item.kind == "plan" else catalogue.by_sku(db, item.sku, now_ms)
            today[item.sku] = found or item
        member = cart.member
        if member is not None and (
            date.fromisoformat(member.until) < self._till.certain_day()
            or members.revoked_serials(db, [member.serial])
        ):
            member = None
        return renewed(replace(cart, member=member), today)

    def _journal_void(self, db: Database) -> None:
        cart = self._cart
        if not carts.is_kept(db, cart.order_id):
            return
        body = voided(cart, _priced(cart), cashier=self._till.setup.till.cashier)
        day = day_totals.first_open(db, date.fromisoformat(cart.day))
        draft = Draft(CART_VOIDED, cart.order_id, day, 0, msgspec.json.encode(body))
        append(db, self._till.run, self._till.stamp(), draft)
        carts.remove(db, cart.order_id)


def _priced(cart: Cart) -> PricedBasket:
    return price_basket(cart.lines, carting.benefits(cart))
