"""What each key does at the counter: open a box, call one service method, show what came back."""

import re
from collections.abc import Callable, Sequence

from pos.faces.counter.dialogs import Ask, Confirm, Pick
from pos.faces.counter.help_screen import HelpScreen
from pos.faces.counter.main_screen import MainScreen
from pos.faces.counter.pay_screen import PayScreen, Till
from pos.faces.counter.qr_screen import QrScreen
from pos.faces.counter.receipt_screen import ReceiptScreen
from pos.faces.counter.rows import EMPTY, Row, fit, right, wrap
from pos.faces.counter.search_screen import SearchScreen
from pos.rules.basket import Benefits, PricedLine
from pos.rules.items import Item
from pos.rules.order import Order
from pos.rules.order_link import order_link
from pos.rules.pricing import price_basket
from pos.rules.settings import OrderLinkSettings
from pos.services.checkout import Completed
from membership.rules.plan import PlanSettings
from sync.rules.days import china_time
from sync.rules.money import format_yuan
from sync.rules.refusal import N_, Refused

_MOBILE = re.compile(r"[1１][0-9０-９]{10}")
NO_LINE = Refused("cart.no_line_chosen", N_("There is nothing in the cart yet."), N_("Scan goods first."))


class Counter(MainScreen):
    """The main screen with all its keys connected."""

    def act(self, action: str) -> None:
        """Do what a key stands for."""
        actions: dict[str, Callable[[], None]] = {
            "help": self.show_help,
            "find": self.find,
            "member": self.attach,
            "join": self.join,
            "quick": self.quick,
            "hold": self.hold,
            "recall": self.recall,
            "delivery": self.deliver,
            "order_link": self.link,
            "pay": self.pay,
            "receipt": self.receipt,
            "theme": self.app.action_theme,  # type: ignore[attr-defined]
            "language": self.app.action_language,  # type: ignore[attr-defined]
            "quantity": self.quantity,
            "more": lambda: self.step(1),
            "fewer": lambda: self.step(-1),
            "remove": self.remove_line,
            "void": self.void,
            "quit": self.leave,
        }
        actions[action]()

    # finding goods

    def find(self) -> None:
        """Open the search, beginning with what was typed."""
        text = self.entry.take()
        found = self.services.register.search(text) if text else ()
        self.choose(text, found, 1)

    def choose(self, words: str, found: Sequence[Item], quantity: int) -> None:
        """Let the cashier pick among what was found."""

        def picked(sku: str | None) -> None:
            if sku is not None:
                self.put_item(sku, quantity)

        search = self.services.register.search
        self.app.push_screen(SearchScreen(self.say, search, text=words, found=found), picked)

    def quick(self) -> None:
        """Offer what has no barcode."""
        register = self.services.register
        items = [
            item
            for sku in self.services.counter.quick_keys
            for item in register.search(sku, 1)
            if item.sku == sku
        ]
        rows: list[Row] = [
            (
                (fit(self.say.pick(item.name_zh, item.name_en), 40), "plain"),
                (right(format_yuan(item.retail_fen), 10), "money"),
            )
            for item in items
        ]

        def picked(index: int | None) -> None:
            if index is not None:
                self.put_item(items[index].sku)

        empty = self.say("None of the quick keys of config.toml is in the catalogue.")
        self.app.push_screen(Pick(self.say, self.say("Quick keys"), rows, empty=empty), picked)

    # the chosen line

    def _chosen(self) -> PricedLine | None:
        chosen = self.cart.chosen
        if chosen is None:
            self.refuse(NO_LINE)
        return chosen

    def _changed(self, refused: object) -> None:
        self.show()
        if isinstance(refused, Refused):
            self.refuse(refused)
        elif self.cart.chosen is None:
            self.tell("")

    def step(self, by: int) -> None:
        """One piece more or less of the chosen line."""
        chosen = self._chosen()
        if chosen is None:
            return
        line = chosen.line
        if line.quantity + by < 1:
            self.remove_line()
            return
        register = self.services.register
        self._changed(self.ask(lambda: register.set_quantity(line.number, line.quantity + by)))

    def quantity(self) -> None:
        """Ask how many of the chosen line."""
        chosen = self._chosen()
        if chosen is None:
            return
        line, register = chosen.line, self.services.register
        name = self.say.pick(line.item.name_zh, line.item.name_en)

        def act(text: str) -> Refused | None:
            quantity = int(text) if text else line.quantity
            return self.ask(lambda: register.set_quantity(line.number, quantity))

        rows: list[Row] = [((name, "strong"),)]
        box = Ask(
            self.say,
            self.say("Quantity"),
            rows,
            act,
            value=str(line.quantity),
            restrict=r"[0-9]{0,5}",
        )
        self.app.push_screen(box, lambda _done: self._changed(None))

    def deliver(self) -> None:
        """Change how the chosen line leaves."""
        chosen = self._chosen()
        if chosen is None:
            return
        line, register = chosen.line, self.services.register
        other = "carried" if line.delivery == "shipped" else "shipped"
        self._changed(self.ask(lambda: register.set_delivery(line.number, other)))  # type: ignore[arg-type]

    def remove_line(self) -> None:
        """Take the chosen line out."""
        chosen = self._chosen()
        if chosen is None:
            return
        register, line = self.services.register, chosen.line
        refused = self.ask(lambda: register.remove(line.number))
        name = self.say.pick(line.item.name_zh, line.item.name_en)
        self._changed(refused)
        if refused is None:
            self.tell(self.say("Removed {name}.", name=name))

    def link(self) -> None:
        """Show the chosen line's order link as a QR."""
        chosen = self._chosen()
        if chosen is None:
            return
        item, setup = chosen.line.item, self.services.setup
        found = order_link(item, setup.settings.get(OrderLinkSettings), setup.till.center)
        if isinstance(found, Refused):
            self.refuse(found)
            return
        name = self.say.pick(item.name_zh, item.name_en)
        caption = self.say("{name}: scan to order online", name=name)
        self.app.push_screen(QrScreen(self.say, self.say("Order online"), found, caption=caption))

    # the member

    def attach(self) -> None:
        """Ask for a card or a phone number; with a member attached, an empty line detaches."""
        register = self.services.register
        attached = register.cart.member

        def act(text: str) -> Refused | None:
            if not text:
                register.detach()
                return None
            found = self.ask(lambda: register.attach(text))
            return found if isinstance(found, Refused) else None

        intro = (
            self.say("{label} is attached. Enter on the empty line takes the member off.",
                     label=attached.label)
            if attached
            else self.say("Scan the member's card, or type the phone number.")
        )
        box = Ask(
            self.say,
            self.say("Member"),
            self._words(intro),
            act,
            hint=self.say("Card or phone number"),
            scan_acts=True,
        )
        self.app.push_screen(box, self._attached)

    def _attached(self, done: str | None) -> None:
        view = self.show()
        if view.cart.member is not None and done:
            self.greet(view.cart.member.label, view)
        elif done is not None:
            self.tell(self.say("No member attached: everyone's prices."))

    def join(self) -> None:
        """Offer the plan: what it costs, what it saves now, and a phone number if wanted."""
        say, register = self.say, self.services.register
        plan = self.services.setup.settings.get(PlanSettings)
        saved = price_basket(register.cart.lines, Benefits(plus=True)).plus_saved_fen
        rows = [
            (("★ ", "money"), (say.pick(plan.name_zh, plan.name_en), "strong"),
             (f"  {format_yuan(plan.price_fen)}", "money")),
            *self._words(say("Member prices apply to this sale at once.")),
        ]  # fmt: skip
        if saved:
            rows.append(((say("Saves {sum} on what is in the cart.", sum=format_yuan(saved)), "good"),))
        rows += [EMPTY, *self._words(say("A phone number is optional: without one, the card is found by its QR on the receipt."))]
        box = Ask(
            say,
            say("Join PLUS"),
            rows,
            lambda text: self.ask(lambda: register.join(text or None)),
            hint=say("Phone number, or just Enter without one"),
            scan_fills=lambda text: text if _MOBILE.fullmatch(text) else None,
        )
        self.app.push_screen(box, self._joined)

    def _joined(self, done: str | None) -> None:
        view = self.show()
        if done is not None and view.cart.join is not None:
            saved = format_yuan(view.priced.plus_saved_fen)
            self.tell(self.say("✓ PLUS is in: member prices for everything, {sum} saved.", sum=saved), "said_good")

    def _words(self, text: str) -> list[Row]:
        return [((line, "plain"),) for line in wrap(text, 58)]

    # the whole sale

    def hold(self) -> None:
        """Set the sale aside."""
        number = self.ask(self.services.register.hold)
        self.show()
        if isinstance(number, Refused):
            self.refuse(number)
        else:
            self.tell(self.say("Held as number {number}.", number=number), "said_good")

    def recall(self) -> None:
        """Take a held sale back: the only one at once, else the one picked."""
        held = self.ask(self.services.register.held)
        if isinstance(held, Refused):
            self.refuse(held)
            return
        rows: list[Row] = [
            (
                (fit(self.say("number {number}", number=cart.number), 12), "plain"),
                (fit(china_time(cart.opened_at_ms).strftime("%H:%M"), 8), "dim"),
                (fit(self.say("{lines} lines", lines=cart.lines), 14), "plain"),
                (right(format_yuan(cart.total_fen), 12), "money"),
            )
            for cart in held
        ]

        def picked(index: int | None) -> None:
            if index is None:
                return
            number = held[index].number
            recalled = self.ask(lambda: self.services.register.recall(number))
            self.show()
            if isinstance(recalled, Refused):
                self.refuse(recalled)
            elif recalled.before_fen != recalled.total_fen:
                text = self.say(
                    "Number {number} is back, at today's prices: {before} is now {now}.",
                    number=number,
                    before=format_yuan(recalled.before_fen),
                    now=format_yuan(recalled.total_fen),
                )
                self.tell(text, "said_good")
            else:
                self.tell(self.say("Number {number} is back.", number=number), "said_good")

        if len(held) == 1:
            picked(0)
            return
        empty = self.say("No sale is held.")
        self.app.push_screen(Pick(self.say, self.say("Recall"), rows, empty=empty), picked)

    def void(self) -> None:
        """Give the sale up, once confirmed."""
        if self._chosen() is None:
            return

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - the dialog's answer
            if yes:
                self._changed(self.ask(self.services.register.void))

        question = self.say("Give up everything in the cart? This is recorded.")
        self.app.push_screen(Confirm(self.say, self.say("Void"), question), answered)

    def pay(self) -> None:
        """Take payment for the cart."""
        checkout, cart = self.services.checkout, self.services.register.cart
        refused = self.ask(lambda: checkout.ready(cart))
        if isinstance(refused, Refused):
            self.refuse(refused)
            return
        till = Till(
            due=lambda tenders: self.ask(lambda: checkout.due(cart, tenders)),
            quote=lambda tenders: self.ask(lambda: checkout.quote(cart, tenders)),
            complete=lambda tenders: self.ask(lambda: checkout.complete(cart, tenders)),
        )
        self.app.push_screen(PayScreen(self.say, till), self._paid)

    def _paid(self, completed: Completed | None) -> None:
        if completed is None:
            return
        self.services.register.start_new()
        self.services.sold()
        self.last = completed.order
        self.tell("")
        self._shown_view = None
        self.show()
        self._show_receipt(completed.order, fresh=True)

    def receipt(self) -> None:
        """Show the last receipt again."""
        if self.last is None:
            none = N_("Nothing has been sold here yet.")
            self.refuse(Refused("receipt.none", none))
            return
        self._show_receipt(self.last, fresh=False)

    def _show_receipt(self, order: Order, *, fresh: bool) -> None:
        services = self.services
        preview = self.ask(lambda: services.preview(order))
        lines = [self.say.refusal(preview)] if isinstance(preview, Refused) else list(preview)

        def answered(wanted: str | None) -> None:
            if wanted == "card" and order.card is not None:
                heading = self.say("PLUS card")
                caption = self.say("The new member photographs this code: it is the card.")
                self.app.push_screen(QrScreen(self.say, heading, order.card.card, caption=caption))

        box = ReceiptScreen(
            self.say,
            order,
            lines,
            lambda: self.ask(lambda: services.reprint(order)),
            fresh=fresh,
        )
        self.app.push_screen(box, answered)

    def show_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(self.say, self.services.keys))

    def leave(self) -> None:
        """Close the counter, once confirmed; an open cart waits for the next start."""

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - the dialog's answer
            if yes:
                self.app.exit()

        question = self.say("Close the counter? An open cart is kept.")
        self.app.push_screen(Confirm(self.say, self.say("Quit"), question), answered)
