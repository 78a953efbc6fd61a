"""After the money: the change, large, and the receipt as it prints. The next goods go on."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll

from pos.faces.counter.words import METHOD_NAMES
from pos.rules.key_settings import KeySettings, action_of, shown_key
from pos.rules.order import Order
from sync.faces.screen.dialogs import Dialog
from sync.faces.screen.entry import Entry, typed_into
from sync.faces.screen.rows import EMPTY, Row, Rows, big, pair, wrap
from sync.language import Language
from sync.rules.money import format_yuan
from sync.rules.refusal import Refused

LEFT = 38


class ReceiptScreen(Dialog[str]):
    """Answers `card` if the sold card's QR is wanted, else None."""

    WIDTH = 98
    PASSES_SCANS = True

    def __init__(
        self,
        say: Language,
        order: Order,
        preview: Sequence[str],
        reprint: Callable[[], Refused | None],
        keys: KeySettings,
        *,
        fresh: bool,
    ) -> None:
        super().__init__(say, say("Sale complete") if fresh else say("Last receipt"))
        self._order = order
        self._preview = preview
        self._reprint = reprint
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Lay out the change at the left, the receipt at the right."""
        with Vertical(id="box") as box:
            box.styles.width = self.WIDTH
            box.border_title = f" {self.heading} "
            with Horizontal(id="columns"):
                with Vertical(id="left-rows"):
                    yield Rows(id="body")
                    yield Rows(id="said")
                with VerticalScroll(id="scroll", can_focus=False):
                    yield Rows(surface="background", id="preview")
            yield Rows(id="foot")

    def lines(self) -> Sequence[Entry]:
        """Nothing is typed here."""
        return ()

    def begin(self) -> None:
        """Show the receipt too."""
        width = max((len(line.encode("gbk", "replace")) for line in self._preview), default=0)
        preview = self.query_one("#preview", Rows)
        preview.styles.width = max(width, 32)
        preview.show([((line, "plain"),) for line in self._preview])

    def foot(self) -> str:
        """The keys that matter here."""
        again, qr = (shown_key(self._keys, each) for each in ("receipt", "order_link"))
        keys = self.say("Enter: next sale  ·  {key}: print again  ·  ↑ ↓: scroll", key=again)
        card = self.say("{key}: card QR", key=qr)
        return f"{keys}  ·  {card}" if self._order.card else keys

    def body(self) -> list[Row]:
        """The change, then how it came about."""
        say, order = self.say, self._order
        rows: list[Row] = [((say("Change (yuan)"), "dim"),), EMPTY]
        rows += [((line, "money"),) for line in big(format_yuan(order.change_fen), LEFT)]
        rows += [EMPTY, pair(say("Total"), format_yuan(order.total_fen), LEFT)]
        if order.rounding_fen:
            rows.append(pair(say("Rounded off"), format_yuan(order.rounding_fen), LEFT))
        for payment in order.payments:
            name = say(METHOD_NAMES[payment.method])
            rows.append(pair(name, format_yuan(payment.handed_fen), LEFT))
        if order.plus_saved_fen:
            saved = format_yuan(order.plus_saved_fen)
            rows.append(pair(say("Saved by PLUS now"), saved, LEFT, "good"))
        if order.card is not None:
            text = say("PLUS until {day}", day=order.card.until)
            rows += [EMPTY, (("★ " + text, "money"),)]
            if order.card.provisional:
                note = say("provisional: good at this till until it is enrolled")
                rows += [((line, "dim"),) for line in wrap(note, LEFT)]
        rows += [EMPTY, ((say("Scan the next goods to go on."), "good"),)]
        return rows

    def key_pressed(self, name: str, character: str | None) -> bool:
        """Scroll, print again, show the card; what is typed begins the next sale."""
        scroll = self.query_one("#scroll", VerticalScroll)
        step = {"up": -3, "down": 3, "pageup": -18, "pagedown": 18}.get(name)
        if step is not None:
            scroll.scroll_relative(y=step, animate=False)
            return True
        match action_of(self._keys, name, character):
            case "receipt":
                self._print_again()
            case "order_link" if self._order.card is not None:
                self.dismiss("card")
            case None if character is not None and not character.isspace():
                self._type_below(character)
            case _:
                return super().key_pressed(name, character)
        return True

    def _print_again(self) -> None:
        refused = self._reprint()
        if isinstance(refused, Refused):
            self.refuse(refused)
        else:
            self.tell(self.say("A copy is on its way to the printer."), "said_good")

    def _type_below(self, character: str) -> None:
        self.dismiss(None)
        typed_into(self.app.screen).write(character)
