"""Keys about goods: finding them, and what may be done to the chosen line of the cart."""

from collections.abc import Sequence

from pos.faces.counter.main_screen import MainScreen
from pos.faces.counter.qr_screen import QrScreen
from pos.faces.counter.search_screen import SearchScreen
from pos.rules.basket import PricedLine
from pos.rules.cart import read_quantity
from pos.rules.items import Delivery, Item
from pos.rules.order_link import order_link
from pos.rules.settings import OrderLinkSettings
from sync.faces.screen.dialogs import Ask, Pick
from sync.faces.screen.rows import Row, fit, right
from sync.language import one_line
from sync.rules.money import format_yuan
from sync.rules.refusal import N_, Refused

NO_LINE = Refused(
    "cart.no_line_chosen", N_("There is nothing in the cart yet."), N_("Scan goods first.")
)


class GoodsActions(MainScreen):
    """The main screen with its keys about goods."""

    # finding goods

    def find(self) -> None:
        """Open the search, beginning with what was typed."""
        text = self.entry.take()
        found = self._search(text) if text else ()
        if isinstance(found, Refused):
            self.refuse(found)
        else:
            self.choose(text, found, 1)

    def _search(self, text: str) -> Sequence[Item] | Refused:
        return self.ask(lambda: self.services.register.search(text))

    def choose(self, words: str, found: Sequence[Item], quantity: int) -> None:
        """Let the cashier pick among what was found."""

        def picked(sku: str | None) -> None:
            if sku is not None:
                self.put_item(sku, quantity)

        box = SearchScreen(self.say, self._search, text=words, found=found)
        self.app.push_screen(box, picked)

    def quick(self) -> None:
        """Offer what has no barcode; a sku that nothing here has is named, and keeps its digit."""
        skus = self.services.counter.quick_keys
        found = self.ask(lambda: [self.services.register.item(sku) for sku in skus])
        if isinstance(found, Refused):
            self.refuse(found)
            return

        def picked(index: int | None) -> None:
            if index is not None:
                self.put_item(skus[index])

        rows = [self._quick_row(sku, item) for sku, item in zip(skus, found, strict=True)]
        empty = self.say("config.toml names no goods for it: [counter] quick_keys.")
        self.app.push_screen(Pick(self.say, self.say("Quick keys"), rows, empty=empty), picked)

    def _quick_row(self, sku: str, item: Item | None) -> Row:
        if item is None:
            said = N_("[counter] quick_keys: no goods “{sku}” here")
            return ((fit(self.say(said, sku=one_line(sku)), 54), "dim"),)
        name = self.say.pick(item.name_zh, item.name_en)
        return ((fit(name, 40), "plain"), (right(format_yuan(item.retail_fen), 10), "money"))

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
        else:
            self.confirm()

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
            quantity = read_quantity(text) if text else line.quantity
            if isinstance(quantity, Refused):
                return quantity
            return self.ask(lambda: register.set_quantity(line.number, quantity))

        rows: list[Row] = [((name, "strong"),)]
        box = Ask(self.say, self.say("Quantity"), rows, act, value=str(line.quantity))
        self.app.push_screen(box, lambda _done: self._changed(None))

    def deliver(self) -> None:
        """Change how the chosen line leaves."""
        chosen = self._chosen()
        if chosen is None:
            return
        line, register = chosen.line, self.services.register
        other: Delivery = "carried" if line.delivery == "shipped" else "shipped"
        self._changed(self.ask(lambda: register.set_delivery(line.number, other)))

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
