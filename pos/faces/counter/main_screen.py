"""The sale on the screen: entry, cart, panels, one line of answer, and the legend of keys."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from pos.faces.counter import panels
from pos.faces.counter.cart_view import CartView, head_row
from pos.faces.counter.key_bar import KeyBar
from pos.faces.counter.panels import Standing
from pos.faces.counter.services import Services
from pos.faces.counter.side import INNER, Side
from pos.faces.counter.words import item_words
from pos.rules.answers import Scanned, View
from pos.rules.basket import Benefits
from pos.rules.codes import half_width
from pos.rules.items import Item
from pos.rules.key_settings import action_of, is_sign
from pos.rules.order import Order
from pos.rules.pricing import price_basket
from sync.faces.screen.entry import Entry, Listens
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, Rows, fit, row_cells
from sync.language import Language
from sync.rules.days import china_time
from sync.rules.money import format_yuan
from sync.rules.refusal import Fault, Refused

T = TypeVar("T")

_PREFIX = re.compile(r"[0-9０-９]{1,4}[*＊]")
_TYPED = re.compile(r"\s*(?:(?P<quantity>[0-9]{1,4})\s*\*\s*)?(?P<words>.*)")


class MainScreen(Listens, Screen[None]):
    """Shows the register and hands every key and scan to it."""

    def __init__(self, services: Services, say: Language) -> None:
        super().__init__()
        self.services = services
        self.say = say
        self.last: Order | None = None
        self.standing = Standing()
        self.answer = ""
        self._shown_view: View | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Rows(surface="primary", id="bar")
        yield KeyBar(self.services.keys, id="keys")
        with Horizontal(id="middle"):
            with Vertical(id="left"):
                yield Entry(id="entry", most=400)
                yield Rows(surface="panel", id="head")
                yield CartView(self.say, id="cart")
                yield Rows(id="detail")
            yield Side(id="side")
        yield Rows(surface="background", id="said")

    def on_mount(self) -> None:
        """Show the cart that an earlier run left, if any; go on taking payment where it was."""
        self.entry = self.query_one("#entry", Entry)
        self.cart = self.query_one("#cart", CartView)
        self.side = self.query_one("#side", Side)
        self._blocks = {rows.id: rows for rows in self.query(Rows)}
        last = self.ask(self.services.last_order)
        self.last = None if isinstance(last, Refused) else last
        self.entry.focus()
        self.relabel(self.say)
        if isinstance(last, Refused):
            self.refuse(last)
        elif self.services.register.cart.taken:
            self.call_after_refresh(self.act, "pay")
        elif self.services.register.cart.lines:
            self.tell(self.say("Taken up where it was left."), "said_good")

    def on_resize(self) -> None:
        """Lay out anew for another size."""
        self.call_after_refresh(self.relabel, self.say)

    # what is shown

    def relabel(self, say: Language) -> None:
        """Say everything again, in this language and width."""
        self.say = say
        self.entry.border_title = say("Scan")
        self.entry.border_subtitle = say("quantity first: 3*code")
        self.entry.placeholder = say("Scan, or type code, name or initials; Enter alone pays")
        self._block("head").show([head_row(say, self._block("head").size.width)])
        self.query_one(KeyBar).redraw(say)
        self.cart.begin = tuple(
            panels.begin_rows(
                say,
                self.services.keys,
                self.cart.size.width or 60,
                demo=self.services.setup.demo,
            )
        )
        self.cart.redraw(say)
        self._shown_view = None
        self.show()
        self.tick()

    def show(self) -> View:
        """Show the register as it is; only what changed is drawn."""
        view = self.services.register.view()
        cart, priced = view.cart, view.priced
        before = self._shown_view
        moved = before is None or before.cart.touched != cart.touched or before.cart != cart
        self.cart.show(priced, touched=cart.touched if moved else None)
        say, keys = self.say, self.services.keys
        self.side.put("total", panels.total_rows(say, priced, INNER))
        self.side.put("sums", panels.sum_rows(say, priced, INNER))
        could_fen = 0
        if cart.member is None and cart.join is None and cart.lines:
            could_fen = price_basket(cart.lines, Benefits(plus=True)).plus_saved_fen
        self.side.put("member", panels.member_rows(say, cart, priced, keys, INNER, could_fen))
        if before is None or before.held != view.held:
            self._put_state(view.held)
        if before is None or not cart.lines or not before.cart.lines:
            self.side.put("last", panels.last_rows(say, self.last, keys, INNER))
        self.side.draw()
        self._show_detail()
        self._shown_view = view
        return view

    def show_standing(self, standing: Standing) -> None:
        """Show how hub and printer stand now."""
        self.standing = standing
        self._put_state(self._shown_view.held if self._shown_view else 0)
        self.side.draw()
        self.tick()

    def tick(self) -> None:
        """Show the bar: who, where, what time, and whether the hub knows."""
        say, setup = self.say, self.services.setup
        center = setup.center()
        name = "" if isinstance(center, Refused) else say.pick(center.name_zh, center.name_en)
        hub, _ = panels.HUB_WORDS[self.standing.hub]
        pending = self.standing.pending
        state = f"● {say(hub)}" + (say(", {count} to send", count=pending) if pending else "")
        moment = china_time(setup.clock.now_ms())
        day, clock = self.services.register.cart.day, moment.strftime("%H:%M")
        counts = day != moment.date().isoformat()
        alarm = self.standing.hub == "alarm"
        cashier = say("cashier {name}", name=setup.till.cashier)
        right: Row = (
            (" " + say("DEMO") + " ", "demo") if setup.demo else ("", "bar"),
            (f"  {setup.till.id}  {cashier} ", "bar"),
            (f" {state} ", "bar_alarm" if alarm else "bar"),
            (" " + say("counts for {day}", day=day) + " ", "demo") if counts else ("", "bar"),
            (f" {clock} ", "bar"),
        )
        room = max(self.size.width - row_cells(right), 0)
        house = f" {say.pick('选品', 'Xuanpin')}  {name}"
        self._block("bar").show([((fit(house, room), "bar"), *right)])

    def tell(self, text: str, tone: Tone = "said_plain") -> None:
        """Answer in the line under the cart."""
        self.answer = text
        block = self._block("said")
        block.show([((fit(f" {text}", block.size.width), tone),)] if text else [EMPTY])

    def refuse(self, refused: Refused) -> None:
        """Say a refusal aloud; nothing waits for a key."""
        self.app.bell()
        self.tell("✗ " + self.say.refusal(refused), "said_bad")

    def _block(self, name: str) -> Rows:
        block = self._blocks[name]
        assert block is not None
        return block

    def _show_detail(self) -> None:
        block, chosen = self._block("detail"), self.cart.chosen
        words = item_words(self.say, chosen.line.item) if chosen else ""
        block.show([((fit(f" {words}", block.size.width), "dim"),)])

    def _put_state(self, held: int) -> None:
        self.side.put("state", panels.state_rows(self.say, self.standing, held, INNER))

    # what comes in

    def scanned(self, text: str) -> Refused | None:
        """Put in what was scanned; a quantity typed before it counts."""
        prefix = self.entry.take()
        return self.put(prefix + text if _PREFIX.fullmatch(prefix) else text)

    def sum_up(self, refused: Sequence[Refused], count: int) -> None:
        """Say what was refused of several scans, each of which hid the answer to the one before."""
        said = self.say("{lost} of {count} scans were refused:", lost=len(refused), count=count)
        why = " ".join(dict.fromkeys(self.say.message(each) for each in refused))
        self.tell(f"✗ {said} {why}", "said_bad")

    def put(self, text: str) -> Refused | None:
        """Give a code, a card or words to the register, show what came of it, return a refusal."""
        result = self.ask(lambda: self.services.register.scan(text))
        if isinstance(result, Scanned) and result.kind == "choices":
            typed = _TYPED.fullmatch(half_width(text))
            quantity = int(typed["quantity"] or 1) if typed else 1
            words = typed["words"] if typed else text
            if len(result.choices) == 1:
                self.put_item(result.choices[0].sku, quantity)
            else:
                self.choose(words, result.choices, quantity)
            return None
        self.put_in(result)
        return result if isinstance(result, Refused) else None

    def put_item(self, sku: str, quantity: int = 1) -> None:
        """Put in goods that were picked, not scanned."""
        self.put_in(self.ask(lambda: self.services.register.add_item(sku, quantity)))

    def put_in(self, result: Scanned | Refused) -> None:
        """Show what a scan or a pick did."""
        view = self.show()
        if isinstance(result, Refused):
            self.refuse(result)
        elif result.kind == "member" and result.member is not None:
            self.greet(result.member.label, view)
        else:
            self.confirm()

    def greet(self, label: str, view: View) -> None:
        """Say that PLUS prices apply now."""
        saved = format_yuan(view.priced.plus_saved_fen)
        text = self.say("✓ Member {label}: PLUS prices, {sum} saved.", label=label, sum=saved)
        self.tell(text, "said_good")

    def confirm(self) -> None:
        """Say the chosen line back, as after a scan."""
        chosen = self.cart.chosen
        if chosen is None:
            self.tell("")
            return
        name = self.say.pick(chosen.line.item.name_zh, chosen.line.item.name_en)
        quantity = f" ×{chosen.line.quantity}" if chosen.line.quantity > 1 else ""
        amount = format_yuan(chosen.amount_fen)
        self.tell(f"✓ {name}{quantity}  {amount}", "said_good")

    def choose(self, words: str, found: Sequence[Item], quantity: int) -> None:
        """Let the cashier pick among several; see `actions`."""
        raise NotImplementedError

    def act(self, action: str) -> None:
        """Do what a key stands for; see `actions`."""
        raise NotImplementedError

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Enter submits or pays, arrows choose a line, the rest is the key map's."""
        moves = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
        if name == "enter":
            text = self.entry.take()
            if text:
                self.put(text)
            else:
                self.act("pay")
        elif name == "escape":
            self.entry.take()
            self.tell("")
        elif name in moves:
            self.cart.move(moves[name])
            self._show_detail()
        else:
            return self._mapped(name, character)
        return True

    def _mapped(self, name: str, character: str | None) -> bool:
        if character and "！" <= character <= "～":
            character = chr(ord(character) - 0xFEE0)
        action = action_of(self.services.keys, name, character)
        typing = bool(self.entry.value)
        if action is None or (typing and (name == "delete" or is_sign(character or ""))):
            return False
        self.act(action)
        return True

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A click on the legend is the key."""
        self.act(message.action)

    def ask(self, call: Callable[[], T]) -> T | Refused:
        """Call a service; a fault of the machine is told like a refusal, and selling goes on.

        Whatever reads or writes is called through here, for a damaged file can show at any read.
        """
        try:
            with self.services.faults():
                return call()
        except Fault as fault:
            return fault.refused
