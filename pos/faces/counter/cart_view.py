"""The cart, line by line: drawn by hand, so that a scan repaints one line, quickly."""

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from pos.faces.counter.words import delivery_word, price_word, quantity_word
from pos.rules.basket import PricedBasket, PricedLine
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Painter, Row, fit, right
from sync.language import Language
from sync.rules.money import format_yuan

NUMBER, DELIVERY, QUANTITY, UNIT, AMOUNT, PRICE = 3, 5, 8, 8, 9, 7
FIXED = NUMBER + DELIVERY + QUANTITY + UNIT + AMOUNT + PRICE + 6 + 1


def head_row(say: Language, width: int) -> Row:
    """Return the columns' names."""
    name = max(width - FIXED, 4)
    cells = (
        right("#", NUMBER),
        fit(say("Goods"), name),
        fit(say("How"), DELIVERY),
        right(say("Quantity"), QUANTITY),
        right(say("Price"), UNIT),
        right(say("Amount"), AMOUNT),
        fit(say("By"), PRICE),
    )
    return tuple((f"{cell} ", "head") for cell in cells)


def line_row(say: Language, priced: PricedLine, place: int, width: int, *, chosen: bool) -> Row:
    """Return one line of the cart; `place` is what stands before it."""
    line = priced.line
    quiet: Tone = "chosen_dim" if chosen else "dim"
    plain: Tone = "chosen" if chosen else "plain"
    money: Tone = "chosen_money" if chosen else "money"
    better = priced.price not in ("retail", "fixed")
    labelled = priced.price == "fixed" and line.item.kind == "goods"
    unit = "" if labelled else format_yuan(priced.unit_price_fen)
    name = say.pick(line.item.name_zh, line.item.name_en)
    return (
        (right(str(place), NUMBER) + " ", quiet),
        (fit(name, max(width - FIXED, 4)) + " ", plain),
        (fit(delivery_word(say, line), DELIVERY) + " ", quiet),
        (right(quantity_word(line), QUANTITY) + " ", plain),
        (right(unit, UNIT) + " ", money if better else quiet),
        (right(format_yuan(priced.amount_fen), AMOUNT) + " ", plain),
        (fit(price_word(say, priced), PRICE + 1), money),
    )


_Key = tuple[PricedLine, int, int, bool]


class CartView(ScrollView):
    """Shows a priced basket with one line chosen; an empty one shows how to begin."""

    can_focus = False

    def __init__(self, say: Language, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.say = say
        self.begin: tuple[Row, ...] = ()
        self._painter = Painter("surface")
        self._lines: tuple[PricedLine, ...] = ()
        self._chosen = 0
        self._rows: list[Row] = []
        self._made: dict[int, tuple[_Key, Row]] = {}

    @property
    def chosen(self) -> PricedLine | None:
        """The line that keys act on."""
        return self._lines[self._chosen] if self._lines else None

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "\n".join("".join(text for text, _ in row).rstrip() for row in self._rows)

    def show(self, basket: PricedBasket, *, touched: int | None = None) -> None:
        """Show a basket; the line numbered `touched` becomes the chosen one."""
        self._lines = basket.lines
        numbers = [priced.line.number for priced in self._lines]
        if touched in numbers:
            self._chosen = numbers.index(touched)
        self._chosen = max(0, min(self._chosen, len(self._lines) - 1))
        self._draw()

    def move(self, by: int) -> None:
        """Choose another line."""
        self._chosen = max(0, min(self._chosen + by, len(self._lines) - 1))
        self._draw()

    def redraw(self, say: Language) -> None:
        """Draw everything anew, as after a change of language or size."""
        self.say = say
        self._rows = []
        self._made.clear()
        self._draw()
        self.refresh()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.redraw(self.say)

    def _draw(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        rows: list[Row] = [self._row(place, width) for place in range(len(self._lines))]
        old, self._rows = self._rows, rows or list(self.begin)
        rows = self._rows
        # A virtual size that stays the same spares the frame a new layout.
        self.virtual_size = Size(width, max(len(rows), self.size.height))
        self.scroll_to_region(
            Region(0, self._chosen if self._lines else 0, width, 1), animate=False, immediate=True
        )
        changed = [
            y
            for y in range(max(len(rows), len(old)))
            if (rows[y] if y < len(rows) else None) != (old[y] if y < len(old) else None)
        ]
        for y in changed:
            self.refresh_line(y)

    def _row(self, place: int, width: int) -> Row:
        """Return a line's row, the one it had if nothing about it has changed."""
        key = (self._lines[place], place, width, place == self._chosen)
        made = self._made.get(place)
        if made is None or made[0] != key:
            row = line_row(self.say, key[0], place + 1, width, chosen=key[3])
            made = self._made[place] = (key, row)
        return made[1]

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        place = y + self.scroll_offset.y
        row = self._rows[place] if place < len(self._rows) else EMPTY
        return self._painter.strip(self, row, self.size.width)
