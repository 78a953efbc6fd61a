"""What each key does at the counter: open a box, call one service method, show what came back."""

from collections.abc import Callable

from pos.faces.counter.help_screen import HelpScreen
from pos.faces.counter.member_actions import MemberActions
from pos.faces.counter.pay_screen import PayScreen, Till
from pos.faces.counter.qr_screen import QrScreen
from pos.faces.counter.receipt_screen import ReceiptScreen
from pos.rules.order import Order
from pos.services.checkout import Completed
from sync.faces.screen.dialogs import Confirm, Pick
from sync.faces.screen.rows import Row, fit, right
from sync.rules.days import china_time
from sync.rules.money import format_yuan
from sync.rules.refusal import N_, Refused


class Counter(MemberActions):
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
                (fit(self.say("lines: {lines}", lines=cart.lines), 14), "plain"),
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
            elif recalled.kept:
                item = recalled.kept[0]
                text = self.say(
                    "Number {number} is back. {name} is sold in another way now: scan it anew.",
                    number=number,
                    name=self.say.pick(item.name_zh, item.name_en),
                )
                self.tell(text, "said_plain")
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

        def answered(yes: bool | None) -> None:
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
        register = self.services.register
        till = Till(
            taken=cart.taken,
            take=lambda tenders: self.ask(lambda: register.take(tenders)),
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
            services.keys,
            fresh=fresh,
        )
        self.app.push_screen(box, answered)

    def show_help(self) -> None:
        """Show all keys."""
        self.app.push_screen(HelpScreen(self.say, self.services.keys))

    def leave(self) -> None:
        """Close the counter, once confirmed; an open cart waits for the next start."""

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.exit()

        question = self.say("Close the counter? An open cart is kept.")
        self.app.push_screen(Confirm(self.say, self.say("Quit"), question), answered)
